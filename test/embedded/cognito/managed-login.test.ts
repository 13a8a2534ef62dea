import { expect, onTestFinished, test, vi } from 'vitest'
import { removeAccount } from '../../../embedded/accounts.ts'
import type { EmbeddedOptions } from '../../../embedded/serve.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { addAccountInTest } from '../add-account-in-test.ts'
import { canMakeCertificates, makeCertificate } from '../certificate-in-test.ts'
import { ask, askForm } from '../request.ts'
import { serveInTest } from '../serve-in-test.ts'
import {
  ada,
  authorizeUrl,
  bob,
  claimsOf,
  exchange,
  logIn,
  openJar,
  openLogin,
  redirectUri,
  signIn,
  signInInBrowser,
  visit,
} from './sign-in-in-test.ts'

async function serveAda(options: Partial<EmbeddedOptions> = {}) {
  const folder = await temporaryFolder()
  const { owner } = await addAccountInTest(folder, ada)
  const backend = await serveInTest(folder, options)
  return { folder, owner, backend, url: backend.url }
}

test('a sign-in ends where the CLI waits, with tokens in Cognito’s shape', async () => {
  const { owner, url, backend } = await serveAda()
  const back = await signInInBrowser(url, ada)
  expect(`${back.origin}${back.pathname}`).toBe(redirectUri)
  expect(back.searchParams.get('state')).toBe('some-state')
  expect([...back.searchParams.keys()].toSorted()).toEqual(['code', 'iss', 'state'])

  const answer = await exchange(url, back.searchParams.get('code') ?? '')
  expect(answer.headers['cache-control']).toBe('no-store')
  const tokens = JSON.parse(answer.text)
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 1800 })
  const issuer = `https://photos.internal/${backend.identity.remoteId}`
  const signInId = claimsOf(tokens.access_token)['origin_jti']
  expect(claimsOf(tokens.access_token)).toEqual({
    iss: issuer,
    sub: owner,
    client_id: 'photos-cli',
    token_use: 'access',
    scope: 'openid email photos/access',
    username: owner,
    origin_jti: expect.stringMatching(/^[\w-]{20,}$/),
    auth_time: expect.any(Number),
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: expect.any(Number),
  })
  expect(claimsOf(tokens.id_token)).toEqual({
    iss: issuer,
    sub: owner,
    aud: 'photos-cli',
    token_use: 'id',
    email: 'ada@example.com',
    email_verified: true,
    'cognito:username': owner,
    nonce: 'some-nonce',
    origin_jti: signInId,
    auth_time: expect.any(Number),
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: expect.any(Number),
  })
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  expect((await ask(`${url}/v1/usage`, { headers })).status).toBe(200)
})

test('what is signed in survives a restart in the middle of the sign-in', async () => {
  const { folder, url, backend, owner } = await serveAda()
  const { port } = new URL(url)
  const restart = async () => {
    await backend.close()
    return await serveInTest(folder, { port: Number(port) })
  }
  const jar = openJar()
  const login = await openLogin(jar, url)
  const second = await restart()
  const back = await visit(jar, `${(await logIn(jar, login, ada)).headers.location}`)
  await second.close()
  await serveInTest(folder, { port: Number(port) })
  const answer = await exchange(url, new URL(back.headers.location ?? '').searchParams.get('code') ?? '')
  expect(claimsOf(JSON.parse(answer.text).access_token).sub).toBe(owner)
})

test('it says nothing on the console, whatever it is sent', async () => {
  const printed: unknown[] = []
  for (const name of ['log', 'info', 'warn', 'error'] as const) {
    const spy = vi.spyOn(console, name).mockImplementation((...words: unknown[]) => printed.push(words))
    onTestFinished(() => spy.mockRestore())
  }
  const { url } = await serveAda()
  await signIn(url, ada)
  await ask(authorizeUrl(url, { redirect_uri: 'https://evil.example' }))
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', origin: 'https://evil.example' }
  await ask(authorizeUrl(url), { headers })
  await askForm(`${url}/oauth2/token`, { grant_type: 'authorization_code', client_id: 'photos-cli' }, { headers })
  await askForm(`${url}/oauth2/token`, { grant_type: 'nonsense' }, { headers })
  expect(printed).toEqual([])
})

test('only what the product uses is there', async () => {
  const { url } = await serveAda()
  const gone = [
    ['GET', '/.well-known/openid-configuration'],
    ['GET', '/oauth2/userinfo'],
    ['GET', '/me'],
    ['GET', '/jwks'],
    ['POST', '/oauth2/authorize'],
    ['GET', '/oauth2/token'],
    ['OPTIONS', '/oauth2/token'],
    ['POST', '/request'],
    ['POST', '/reg'],
    ['GET', '/session/end'],
    ['POST', '/session/end/confirm'],
    ['POST', '/device/auth'],
    ['GET', '/interaction/x'],
    ['GET', '/login'],
    ['PUT', '/login/x'],
  ] as const
  for (const [method, path] of gone) expect([path, (await ask(`${url}${path}`, { method })).status]).toEqual([path, 404])
  const { keys } = JSON.parse((await ask(`${url}/.well-known/jwks.json`)).text)
  expect(keys).toEqual([expect.objectContaining({ kty: 'EC', alg: 'ES256', kid: expect.any(String) })])
  expect(keys[0].d).toBeUndefined()
})

test('a wrong password and an unknown email are told alike, and what was typed is shown as text', async () => {
  const { url } = await serveAda()
  const jar = openJar()
  const login = await openLogin(jar, url)
  const email = '"><script>alert(1)</script>@example.com'
  const wrong = await logIn(jar, login, { ...ada, password: 'wrong' })
  const unknown = await logIn(jar, login, { email, password: 'wrong' })
  expect([wrong.status, unknown.status]).toEqual([400, 400])
  for (const { text } of [wrong, unknown]) expect(text).toContain('The email or the password is not right.')
  expect(unknown.text).not.toContain('<script')
  expect(wrong.text).not.toContain('value="wrong"')
  expect((await logIn(jar, login, ada)).status).toBe(303)
})

test('passwords can be guessed a few times, by account and by network, and no oftener', async () => {
  let now = Date.now()
  const { url, folder } = await serveAda({ now: () => new Date(now) })
  await addAccountInTest(folder, bob)
  const jar = openJar()
  const login = await openLogin(jar, url)
  const guess = async (email: string) => (await logIn(jar, login, { email, password: 'wrong' })).status
  for (let attempts = 0; attempts < 10; attempts += 1) expect(await guess(attempts % 2 ? ada.email : 'ADA@example.com')).toBe(400)
  expect(await guess(ada.email)).toBe(429)
  const refused = await logIn(jar, login, ada)
  expect([refused.status, refused.text]).toEqual([429, expect.stringContaining('Too many attempts.')])

  expect((await logIn(openJarAs(jar), login, bob)).status).toBe(303)
  now += 15 * 60_000
  expect((await signInInBrowser(url, ada)).searchParams.get('code')).not.toBeNull()
})

/** The same browser, kept from changing what the other one holds. */
function openJarAs(jar: ReturnType<typeof openJar>) {
  return { ...jar, cookies: new Map(jar.cookies) }
}

test('the next person at the browser signs in as themselves', async () => {
  const { url, folder, owner } = await serveAda()
  const second = await addAccountInTest(folder, bob)
  const jar = openJar()
  const subOf = async (credentials: typeof ada) => {
    const back = await signInInBrowser(url, credentials, { jar })
    return claimsOf(JSON.parse((await exchange(url, back.searchParams.get('code') ?? '')).text).access_token).sub
  }
  expect(await subOf(ada)).toBe(owner)
  expect(await subOf(bob)).toBe(second.owner)
  expect([...jar.cookies.keys()].filter((name) => name.startsWith('_session'))).toEqual([])
})

test('an account that was removed between login and code gets nothing', async () => {
  const { url, folder } = await serveAda()
  const back = await signInInBrowser(url, ada)
  await removeAccount(folder, ada.email)
  const answer = await exchange(url, back.searchParams.get('code') ?? '')
  expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, 'invalid_grant'])
})

test.each([false, true])('cookies are for the server alone, and for TLS where there is TLS (%s)', async (withTls) => {
  if (withTls && !canMakeCertificates) return
  const folder = await temporaryFolder()
  await addAccountInTest(folder, ada)
  const tls = withTls ? makeCertificate(folder, 'IP:127.0.0.1') : undefined
  const { url } = await serveInTest(folder, { tls })
  const jar = openJar({ ca: tls?.cert })
  const answer = await visit(jar, authorizeUrl(url))
  const cookies = answer.headers['set-cookie'] ?? []
  expect(cookies.length).toBeGreaterThan(0)
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; httponly/i)
    expect(cookie).toMatch(/; samesite=lax/i)
    expect(/; secure/i.test(cookie)).toBe(withTls)
    expect(cookie).toMatch(/; path=\/(login|oauth2\/authorize)\/[\w-]+/i)
  }
  const page = await visit(jar, new URL(answer.headers.location ?? '', url).href)
  expect(page.text).toContain('autocomplete="current-password"')
  expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  expect(page.headers['content-security-policy']).toContain("form-action 'self' http://localhost:*")
  expect((await signInInBrowser(url, ada, { jar })).href).toContain(redirectUri)
})

test('prompt=none, and a request that is not right, are answered without a page to type into', async () => {
  const { url } = await serveAda()
  const none = new URL((await visit(openJar(), authorizeUrl(url, { prompt: 'none' }))).headers.location ?? '')
  expect(none.searchParams.get('error')).toBe('login_required')
  const page = await visit(openJar(), authorizeUrl(url, { client_id: 'another' }))
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('This sign-in cannot go on')])
  expect(page.headers['content-type']).toContain('text/html')
})

test('a sign-in that did not begin in this browser takes no password', async () => {
  const { url } = await serveAda()
  const login = await openLogin(openJar(), url)
  const other = openJar()
  await openLogin(other, url)
  expect((await visit(other, login)).status).toBe(400)
  expect((await logIn(other, login, ada)).status).toBe(400)
})

test('a login form of no end, or of another kind, is refused', async () => {
  const { url } = await serveAda()
  const jar = openJar()
  const login = await openLogin(jar, url)
  expect((await logIn(jar, login, { email: ada.email, password: 'x'.repeat(100_000) })).status).toBe(400)
})
