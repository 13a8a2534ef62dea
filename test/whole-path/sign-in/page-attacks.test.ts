// What the pages say to browsers, what stays out of every URL, and what a hostile device name can do to a page.
import { beforeAll, describe, expect, test } from 'vitest'
import { deviceGrantPaths, deviceNameParameter } from '../../../contract/device-grant.ts'
import { signInScope } from '../../../contract/remote-configuration.ts'
import { findForm, openBrowser } from './cookie-browser.ts'
import { beginDeviceGrant, enterCode, isRefusal, logIn, poll, walkToDecision } from './device-grant.ts'
import { textOf } from './html-forms.ts'
import { ask, formOf, type HttpAnswer, newAddress } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

const isPage = ({ headers }: HttpAnswer): boolean => headers['content-type']?.startsWith('text/html') ?? false

/** All answers of a sign-in as it should be, and of ones that go wrong at each step. */
async function everyAnswer(): Promise<readonly HttpAnswer[]> {
  const browser = openBrowser()
  const decision = await walkToDecision(browser, served, await beginDeviceGrant(served))
  await browser.submit(decision, {}, 'approve')
  await browser.submit(decision, {}, 'approve')
  const begun = await beginDeviceGrant(served)
  await browser.open(begun.verification_uri_complete)
  await logIn(browser, await enterCode(browser, served, begun.user_code), { ...served.alice, password: 'wrong' })
  await browser.submit(await walkToDecision(browser, served, begun), {}, 'deny')
  await enterCode(browser, served, 'WRONG')
  await browser.open(`${served.url}${deviceGrantPaths.callback}?state=x&code=y`)
  await openBrowser().open(`${served.url}${deviceGrantPaths.confirm}`)
  await browser.step(`${served.url}${deviceGrantPaths.decision}`, formOf({}))
  await browser.open(`${served.configuration.endpoints.signIn}/oauth2/authorize?client_id=x`)
  await browser.open(`${served.url}/login/x`)
  return browser.answers
}

describe('every page', () => {
  test('is stored nowhere, framed nowhere, runs no script, and sends its form to nobody else', async () => {
    const pages = (await everyAnswer()).filter(isPage)
    expect(pages.length).toBeGreaterThan(10)
    for (const { url, headers, body } of pages) {
      const path = new URL(url).pathname
      expect([path, headers['cache-control']]).toEqual([path, expect.stringContaining('no-store')])
      expect([path, headers]).toMatchObject([path, { 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' }])
      expect([path, headers['referrer-policy']]).toEqual([path, expect.stringMatching(/^(same-origin|no-referrer)$/)])
      const policy = String(headers['content-security-policy'])
      for (const directive of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
        expect([path, policy]).toEqual([path, expect.stringContaining(directive)])
      expect([path, policy]).toEqual([path, expect.stringMatching(/form-action '(self|none)'/)])
      expect([path, policy]).toEqual([path, expect.not.stringMatching(/unsafe-|\*(?!$|;| )|script-src(?! 'none')/)])
      expect([path, body]).toEqual([path, expect.not.stringMatching(/<script|\son[a-z]+=|javascript:|<iframe|<base/i)])
    }
  })

  test('is left by 303, so that no form is sent on to another place', async () => {
    const redirects = (await everyAnswer()).filter(({ headers }) => headers.location !== undefined)
    expect(redirects.length).toBeGreaterThan(6)
    for (const { url, status } of redirects) expect([new URL(url).pathname, [302, 303].includes(status)]).toContain(true)
    expect(redirects.filter(({ url, status }) => url.includes('/device') && status !== 303)).toEqual([])
  })

  test('has an answer that is stored nowhere, also where it is no page', async () => {
    const answers = [
      await ask(`${served.url}${deviceGrantPaths.token}`, formOf({})),
      await ask(`${served.url}${deviceGrantPaths.deviceAuthorization}`, formOf({})),
      await ask(`${served.configuration.endpoints.signIn}/oauth2/token`, formOf({})),
      ...(await everyAnswer()),
    ]
    for (const { url, headers } of answers)
      expect([url, headers['cache-control']]).toEqual([url, expect.stringContaining('no-store')])
  })
})

test('no token, device code, cookie or password is in any address', async () => {
  const browser = openBrowser()
  const begun = await beginDeviceGrant(served)
  const decision = await walkToDecision(browser, served, begun)
  // oidc-provider's own cookies name the sign-in, as its addresses do; what nobody can make up is their signature.
  const cookies = [...browser.cookies].flatMap(([key, { value }]) => (/ _\w+$/.test(key) ? [] : [value]))
  expect(cookies.length).toBeGreaterThan(1)
  await browser.submit(decision, {}, 'approve')
  const tokens = await poll(served, begun)
  if (isRefusal(tokens)) throw new Error(tokens)
  const hidden = Object.values(findForm(decision, 'approve').fields)
  const secrets = [begun.device_code, tokens.access_token, tokens.id_token, tokens.refresh_token, served.alice.password]
  const addresses = browser.answers.flatMap(({ url, headers }) => [url, decodeURIComponent(url), headers.location ?? ''])
  for (const secret of [...secrets, ...cookies, ...hidden].filter(({ length }) => length > 8))
    expect(addresses.filter((address) => address.includes(secret))).toEqual([])
  // The user code is in no address but the link that was made for it, which this walk did not use.
  expect(addresses.filter((address) => address.includes(begun.user_code))).toEqual([])
})

test('a script of another site may read no answer', async () => {
  const origin = 'https://evil.example'
  const { signIn, userPool } = served.configuration.endpoints
  const paths = [deviceGrantPaths.token, deviceGrantPaths.deviceAuthorization, '/v1/usage', '/.well-known/photos.json', '/device']
  const urls = [...paths.map((path) => `${served.url}${path}`), `${signIn}/oauth2/token`, `${signIn}/oauth2/authorize`, userPool]
  for (const url of urls) {
    for (const method of ['OPTIONS', 'GET', 'POST']) {
      const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
      const answer = await ask(url, { method, headers })
      expect([url, method, answer.headers['access-control-allow-origin']]).toEqual([url, method, undefined])
    }
  }
})

test('a Host header that somebody made up is in no address that is told', async () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  const values = { client_id: served.configuration.clientId, scope: signInScope }
  const form = formOf(values)
  const authorize = `${served.configuration.endpoints.signIn}/oauth2/authorize?${new URLSearchParams({ client_id: 'x' })}`
  const answers = [
    await ask(`${served.url}${deviceGrantPaths.deviceAuthorization}`, { ...form, headers: { ...form.headers, ...headers } }),
    await ask(`${served.url}/.well-known/photos.json`, { headers }),
    await ask(`${served.url}${deviceGrantPaths.verification}`, { headers }),
    await ask(authorize, { headers }),
  ]
  for (const { url, body, headers: told } of answers)
    expect([url, body + JSON.stringify(told)]).toEqual([url, expect.not.stringContaining('evil.example')])
})

describe('what is written into an address', () => {
  test.each(['"><script>alert(1)</script>', "'onfocus=alert(1) autofocus='", '</title><b>', '\u202eJHTW', 'javascript:alert(1)'])(
    '%j stays text',
    async (text) => {
      const query = new URLSearchParams({ user_code: text, error: text, error_description: text, message: text })
      const paths = [deviceGrantPaths.verification, deviceGrantPaths.confirm, deviceGrantPaths.callback]
      const urls = paths.map((path) => `${served.url}${path}?${query}`)
      const authorize = `${served.configuration.endpoints.signIn}/oauth2/authorize?${new URLSearchParams({ client_id: text, scope: text, redirect_uri: text })}`
      for (const url of [...urls, authorize]) {
        const { body, status } = await openBrowser().open(url)
        expect(status).toBeLessThan(500)
        expect(body).not.toMatch(/<script|<b>|\u202e/)
        expect(body.replaceAll(/="[^"]*"/g, '')).not.toMatch(/<[^>]*\sonfocus/)
      }
    },
  )
})

describe('the name of a hostile device', () => {
  test.each([
    ['markup', '<img src=x onerror=alert(1)><script>alert(1)</script>', /<img|<script/],
    ['the end of an attribute', '"><form action="https://evil.example"><input name="', /evil\.example"/],
    ['the end of an attribute in single quotes', "' autofocus onfocus='alert(1)", /'\s*autofocus\s+onfocus='/],
    ['an entity', '&lt;script&gt;&#60;b&#62;', /&lt;script&gt;|<b>/],
    ['the end of the style', '</style><style>*{display:none}</style>', /<\/style><style>|\*\{display:none\}<\/style>/],
    ['turned text', 'photos\u202e\u2066\u2067\u200f\u061ccol', /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/],
    ['what cannot be seen', 'NAS\u200b\u00ad\u2060\ufeff\u{e0041}', /[\u200b\u00ad\u2060\ufeff]|\u{e0041}/u],
    ['controls', 'NAS\u0000\u0007\u001b[2J\u009b\r\nSet-Cookie: a=b\u2028x', /(?![\n\t\r])[\p{Cc}\u2028]/u],
    ['a template', '{{7*7}} <%= 7*7 %>', /\b49\b/],
  ])('%s is only text', async (_name, deviceName, forbidden) => {
    const browser = openBrowser()
    const begun = await beginDeviceGrant(served, { deviceName })
    const page = await walkToDecision(browser, served, begun)
    expect(page.status).toBe(200)
    expect(page.body).not.toMatch(forbidden)
    expect(page.forms.map(({ action }) => action)).toEqual([`${served.url}${deviceGrantPaths.decision}`])
    expect(page.forms[0]?.buttons.map(({ value }) => value)).toEqual(['deny', 'approve'])
    expect(textOf(page.body)).toContain(served.alice.email)
    expect(textOf(page.body)).toContain(begun.user_code)
  })

  test('that is longer than a line is cut, and one of 10 kB is refused', async () => {
    const browser = openBrowser()
    const deviceName = `${'A'.repeat(900)}theend`
    const page = await walkToDecision(browser, served, await beginDeviceGrant(served, { deviceName }))
    expect(page.body).not.toMatch(/A{100}|theend/)
    expect(page.body).toMatch(/A{20,}/)
    for (const long of ['A'.repeat(10_000), '👨‍👩‍👧‍👦'.repeat(400)]) {
      const values = { client_id: served.configuration.clientId, scope: signInScope, [deviceNameParameter]: long }
      const question = { ...formOf(values), from: newAddress() }
      expect((await ask(`${served.url}${deviceGrantPaths.deviceAuthorization}`, question)).status).toBe(400)
    }
  })

  test('emoji, letters of the world and marks are shown as they are, marks in measure', async () => {
    const browser = openBrowser()
    const deviceName = 'Großmutters 旅行 👨‍👩‍👧 NAS'
    const page = await walkToDecision(browser, served, await beginDeviceGrant(served, { deviceName }))
    expect(textOf(page.body)).toMatch(/Großmutters 旅行 👨.*NAS/u)
    const tower = `N${'\u0300'.repeat(200)}`
    const towered = await walkToDecision(openBrowser(), served, await beginDeviceGrant(served, { deviceName: tower }))
    expect(towered.body).not.toMatch(/\u0300{20}/)
  })

  test('is set apart from what the page says itself, and where both are is shown', async () => {
    const browser = openBrowser()
    const from = newAddress()
    const deviceName = 'Approve to keep your photos. This is safe.'
    const page = await walkToDecision(browser, served, await beginDeviceGrant(served, { deviceName, from }))
    const text = textOf(page.body)
    expect(text).toContain(from)
    expect(text).toContain(browser.from)
    expect(page.body).toMatch(/<(bdi|dd|q|strong)[^>]*>[^<]*Approve to keep your photos/)
  })
})
