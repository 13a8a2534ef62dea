// Attacks on the managed login itself (RFC 6749, 7636 and 9700): what it redirects to, and to whom it gives a code.
import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { accessScope, signInScope } from '../../../contract/remote-configuration.ts'
import { type CookieBrowser, findForm, locationOf, openBrowser } from './cookie-browser.ts'
import { errorOf } from './device-grant.ts'
import { ask, formOf, type HttpAnswer, jsonOf } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { callApi } from './session-calls.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

type Changes = Readonly<Record<string, string | undefined>>

const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')
const redirectUri = (): string => served.configuration.loopbackRedirectUris[0] ?? ''

/** What a CLI with a browser asks for, with changes; undefined leaves a parameter out. */
function authorizeUrl(changes: Changes = {}): string {
  const parameters: Changes = {
    response_type: 'code',
    client_id: served.configuration.clientId,
    redirect_uri: redirectUri(),
    scope: signInScope,
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    prompt: 'login',
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.append(name, value)
  return `${served.configuration.endpoints.signIn}/oauth2/authorize?${query}`
}

const credentials = () => ({ email: served.alice.email, password: served.alice.password })

/** Signs in and gives the code that a CLI at the loopback address would be sent. */
async function codeFor(browser: CookieBrowser, changes: Changes = {}): Promise<string> {
  const answer = await browser.submit(await browser.open(authorizeUrl(changes)), credentials())
  const back = new URL(locationOf(answer))
  expect(back.href.startsWith(redirectUri())).toBe(true)
  return back.searchParams.get('code') ?? ''
}

async function exchange(code: string, changes: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
  const values = { grant_type: 'authorization_code', client_id: served.configuration.clientId, code }
  const binding = { redirect_uri: redirectUri(), code_verifier: verifier }
  return await ask(`${served.configuration.endpoints.signIn}/oauth2/token`, formOf({ ...values, ...binding, ...changes }))
}

describe('where a browser is sent', () => {
  test.each([
    'https://evil.example/callback',
    'http://localhost:8431/callback/../evil',
    'http://localhost:8431/callback?next=evil',
    'http://localhost:8431.evil.example/callback',
    'http://localhost:8431@evil.example/callback',
    'http://127.0.0.1:8431/callback',
    'http://localhost:9999/callback',
    'javascript:alert(1)',
    '',
  ])('never to %j, which is not registered', async (redirect_uri) => {
    const browser = openBrowser()
    const answer = await browser.step(authorizeUrl({ redirect_uri }))
    expect(answer.status).toBe(400)
    expect(answer.headers.location).toBeUndefined()
    expect(answer.body).not.toMatch(/<script|href="javascript|evil\.example"/)
  })

  test('nor to a place that the login form is told of', async () => {
    const browser = openBrowser()
    const page = await browser.open(`${authorizeUrl()}&next=https://evil.example&return_to=https://evil.example`)
    const more = { next: 'https://evil.example', redirect_uri: 'https://evil.example' }
    await browser.submit(page, { ...credentials(), ...more })
    expect(browser.answers.filter(({ headers }) => headers.location?.includes('evil.example'))).toEqual([])
  })
})

describe('no code without', () => {
  test.each<[string, Changes]>([
    ['a code challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['S256: plain', { code_challenge: verifier, code_challenge_method: 'plain' }],
    ['S256: no method, which means plain', { code_challenge_method: undefined }],
    ['the code flow: a token in the URL', { response_type: 'token' }],
    ['the code flow: an ID token in the URL', { response_type: 'id_token' }],
    ['the code flow: a hybrid', { response_type: 'code id_token' }],
    ['a known client', { client_id: 'another-client' }],
    ['a sign-in: prompt=none', { prompt: 'none' }],
  ])('%s', async (_name, changes) => {
    const browser = openBrowser()
    const answer = await browser.open(authorizeUrl(changes))
    expect(answer.forms.filter(({ types }) => Object.values(types).includes('password'))).toEqual([])
    const { search, hash } = answer.headers.location === undefined ? { search: '', hash: '' } : new URL(locationOf(answer))
    expect(search + hash).not.toMatch(/[?&#](code|id_token|access_token)=/)
  })
})

describe('a code', () => {
  test('is exchanged once, and using it again ends what it gave', async () => {
    const code = await codeFor(openBrowser())
    expect((await exchange(code)).status).toBe(200)
    const again = await exchange(code)
    expect([again.status, errorOf(again)]).toEqual([400, 'invalid_grant'])
  })

  test('of 10 exchanges at once at most one wins', async () => {
    const code = await codeFor(openBrowser())
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(code)))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
  })

  test('that was caught is of no use without the verifier, or for another address or client', async () => {
    const wrong: Readonly<Record<string, string>>[] = [
      { code_verifier: 'A'.repeat(43) },
      { code_verifier: challenge },
      { code_verifier: '' },
      { redirect_uri: served.configuration.loopbackRedirectUris[1] ?? '' },
      { redirect_uri: `${served.url}/device/callback` },
      { client_id: 'another-client' },
    ]
    for (const changes of wrong) {
      const answer = await exchange(await codeFor(openBrowser()), changes)
      expect([changes, answer.status >= 400 && answer.status < 500]).toEqual([changes, true])
      expect(answer.body).not.toContain('eyJhbGciOi')
    }
  })

  test('for less than the scope of the product opens no route', async () => {
    const browser = openBrowser()
    const code = await codeFor(browser, { scope: 'openid email' })
    const { access_token } = Object.assign({ access_token: '' }, jsonOf(await exchange(code)))
    expect(access_token).not.toContain(accessScope)
    expect((await callApi(served, access_token, 'GET', '/v1/usage')).status).toBe(401)
  })
})

describe('the login form', () => {
  test('forwarded to another browser takes no password: who begins to sign in is who signs in', async () => {
    const [attacker, victim] = [openBrowser(), openBrowser()]
    const page = await attacker.open(authorizeUrl())
    const seen = await victim.open(page.url)
    expect(seen.forms.filter(({ types }) => Object.values(types).includes('password'))).toEqual([])
    const answer = await victim.submit(page, credentials())
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(attacker.answers.concat(victim.answers).filter(({ headers }) => /[?&]code=/.test(headers.location ?? ''))).toEqual([])
  })

  test('is sent by its own page only', async () => {
    const browser = openBrowser()
    const page = await browser.open(authorizeUrl())
    const answer = await browser.submit(page, credentials(), undefined, { origin: 'https://evil.example' })
    expect(answer.status).toBe(403)
  })

  test('asks for the password although the browser is signed in already', async () => {
    const browser = openBrowser()
    await codeFor(browser)
    for (const prompt of ['login', undefined]) {
      const page = await browser.open(authorizeUrl({ prompt }))
      expect(Object.values(findForm(page).types)).toContain('password')
    }
  })
})
