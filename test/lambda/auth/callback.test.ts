import { expect, test } from 'vitest'
import { type AuthInTest, openAuthInTest } from './auth-in-test.ts'
import { type BrowserInTest, openBrowserInTest } from './browser-in-test.ts'
import { openDeviceInTest } from './device-in-test.ts'
import type { IdTokenChanges } from './managed-login-in-test.ts'

/** A browser that has signed in, and the address to which it was sent back. */
async function sentBack(inTest: AuthInTest): Promise<{ readonly browser: BrowserInTest; readonly callback: string }> {
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  const { pathname, search } = await browser.signIn(device.userCode)
  return { browser, callback: `${pathname}${search}` }
}

async function expectNothingToDecide(browser: BrowserInTest): Promise<void> {
  const page = await browser.get('/device/confirm')
  expect(page.status).toBe(400)
  expect(page.body).not.toContain('csrf_token')
}

test('a forwarded callback is refused in a browser without a cookie, and in one with a sign-in of its own', async () => {
  const inTest = await openAuthInTest()
  const { callback } = await sentBack(inTest)
  const { browser: other } = await sentBack(inTest)
  for (const browser of [openBrowserInTest(inTest), other]) {
    expect((await browser.get(callback)).status).toBe(400)
    await expectNothingToDecide(browser)
  }
  expect(inTest.login.refreshTokens).toEqual([])
})

test('a callback counts once', async () => {
  const inTest = await openAuthInTest()
  const { browser, callback } = await sentBack(inTest)
  const answers = await Promise.all([1, 2, 3].map(() => browser.get(callback)))
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 400, 400])
  expect(inTest.login.refreshTokens).toHaveLength(1)
})

test('an error of the managed login has a page, and ends the attempt', async () => {
  const inTest = await openAuthInTest()
  const { browser, callback } = await sentBack(inTest)
  const state = new URLSearchParams(callback.split('?')[1]).get('state') ?? ''
  const page = await browser.get(`/device/callback?error=access_denied&error_description=%3Cb%3E&state=${state}`)
  expect(page.status).toBe(400)
  expect(page.body).toContain('You did not sign in')
  expect(page.body).not.toContain('<b>')
  expect((await browser.get(callback)).status).toBe(400)
})

test('an error that comes with a code is an error', async () => {
  const inTest = await openAuthInTest()
  const { browser, callback } = await sentBack(inTest)
  expect((await browser.get(`${callback}&error=access_denied`)).status).toBe(400)
  await expectNothingToDecide(browser)
  expect(inTest.login.refreshTokens).toEqual([])
})

test('what comes twice, with another state or too late is refused', async () => {
  const inTest = await openAuthInTest()
  const { browser, callback } = await sentBack(inTest)
  for (const changed of [
    `${callback}&code=x`,
    callback.replace(/state=./, (found) => (found === 'state=-' ? 'state=_' : 'state=-')),
    callback.replace(/state=[^&]*/, ''),
    '/device/callback',
  ]) {
    expect((await browser.get(changed)).status).toBe(400)
  }
  inTest.pass(600)
  expect((await browser.get(callback)).status).toBe(400)
  expect(inTest.login.refreshTokens).toEqual([])
})

const badTokens: readonly [string, IdTokenChanges][] = [
  ['signed by somebody else', { foreignKey: true }],
  ['of another issuer', { issuer: 'https://evil.example' }],
  ['for another client', { audience: 'another-client' }],
  ['of another sign-in', { claims: { nonce: 'another' } }],
  ['without a nonce', { claims: { nonce: undefined } }],
  ['that is an access token', { claims: { token_use: 'access' } }],
  ['that has expired', { expiresIn: '2026-11-22T11:59:59Z' }],
]

test.each(badTokens)('an ID token %s is refused, and its refresh token revoked', async (_name, changes) => {
  const inTest = await openAuthInTest()
  inTest.login.idTokenChanges = changes
  const { browser, callback } = await sentBack(inTest)
  expect((await browser.get(callback)).status).toBe(400)
  await expectNothingToDecide(browser)
  expect(inTest.login.revoked).toEqual(inTest.login.refreshTokens)
  expect(inTest.login.revoked).toHaveLength(1)
})

test('a managed login that fails is told of, in the log without any secret', async () => {
  const inTest = await openAuthInTest()
  for (const tokenFailure of [
    { status: 400, body: '{"error":"invalid_grant"}' },
    { status: 200, body: 'not JSON' },
    { status: 200, body: '{"access_token":"secret"}' },
  ]) {
    inTest.login.tokenFailure = tokenFailure
    const { browser, callback } = await sentBack(inTest)
    const page = await browser.get(callback)
    expect(page.status).toBe(400)
    expect(page.body).toContain('The sign-in failed')
    const [cookie = ''] = browser.cookies.values()
    for (const secret of [cookie, callback.slice(-20), 'secret']) expect(inTest.logged.join()).not.toContain(secret)
  }
  expect(inTest.logged).toHaveLength(3)
})
