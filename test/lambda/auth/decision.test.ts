import { expect, test } from 'vitest'
import { createAuthHandler } from '../../../lambda/auth.ts'
import { type AuthInTest, openAuthInTest, origin } from './auth-in-test.ts'
import { openBrowserInTest } from './browser-in-test.ts'
import { openDeviceInTest } from './device-in-test.ts'

async function comparing(inTest: AuthInTest) {
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  return { device, browser, csrfToken: await browser.signInAndCompare(device.userCode) }
}

test('deny keeps the device out, and revokes what the sign-in gave', async () => {
  const inTest = await openAuthInTest()
  const { device, browser, csrfToken } = await comparing(inTest)
  await browser.decide('deny', csrfToken)
  expect((await browser.get('/device/confirm')).body).toContain('The device was not let in')
  expect(await device.poll()).toBe('access_denied')
  expect(inTest.login.revoked).toEqual(inTest.login.refreshTokens)
})

test('only the form of the own page, of this very session, decides', async () => {
  const inTest = await openAuthInTest()
  const { device, browser, csrfToken } = await comparing(inTest)
  const other = await comparing(inTest)
  const form = { csrf_token: csrfToken, decision: 'approve' }
  expect((await browser.post('/device/decision', { ...form, csrf_token: other.csrfToken })).status).toBe(403)
  expect((await browser.post('/device/decision', { decision: 'approve' })).status).toBe(403)
  expect((await browser.post('/device/decision', form, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  expect((await browser.post('/device/decision', form, { headers: { origin: '' } })).status).toBe(403)
  expect((await other.browser.post('/device/decision', form)).status).toBe(403)
  expect((await openBrowserInTest(inTest).post('/device/decision', form)).status).toBe(403)
  expect((await browser.post('/device/decision', { ...form, decision: 'Approve' })).status).toBe(400)
  expect((await browser.get(`/device/decision?${new URLSearchParams(form)}`)).status).toBe(404)
  expect((await browser.get(`/device/confirm?${new URLSearchParams(form)}`)).status).toBe(200)
  expect(await device.poll()).toBe('authorization_pending')
})

test('of two browsers with one code the first decides; what the second signed in is revoked', async () => {
  const inTest = await openAuthInTest()
  const { device, browser, csrfToken } = await comparing(inTest)
  const second = openBrowserInTest(inTest)
  const secondToken = await second.signInAndCompare(device.userCode)
  await browser.decide('approve', csrfToken)
  await second.decide('approve', secondToken)
  expect((await second.get('/device/confirm')).body).toContain('This code is not valid any more')
  expect((await browser.get('/device/confirm')).body).toContain('Your device is signed in')
  expect(inTest.login.revoked).toEqual([inTest.login.refreshTokens[1]])
  expect(await device.poll()).toMatchObject({ refresh_token: inTest.login.refreshTokens[0] })
})

test('ten decisions at once are one', async () => {
  const inTest = await openAuthInTest()
  const { device, browser, csrfToken } = await comparing(inTest)
  const kinds = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'approve' : 'deny'))
  await Promise.all(kinds.map((kind) => browser.decide(kind, csrfToken)))
  const page = await browser.get('/device/confirm')
  const outcome = await device.poll()
  if (outcome === 'access_denied') expect(page.body).toContain('The device was not let in')
  else
    expect([outcome, page.body]).toEqual([
      expect.objectContaining({ token_type: 'Bearer' }),
      expect.stringContaining('Your device is signed in'),
    ])
  expect((await browser.decide('approve', csrfToken)).status).toBe(429)
})

test('what has expired takes no decision, although it is still in the table', async () => {
  const inTest = await openAuthInTest()
  const { device, browser, csrfToken } = await comparing(inTest)
  inTest.pass(600)
  expect((await browser.decide('approve', csrfToken)).status).toBe(303)
  const page = await browser.get('/device/confirm')
  expect([page.status, page.body]).toEqual([400, expect.stringContaining('took too long')])
  expect(await device.poll()).toBe('expired_token')
})

test('hours later, when the browser has let go of its cookie, the page says that it took too long', async () => {
  const inTest = await openAuthInTest()
  const { browser, csrfToken } = await comparing(inTest)
  inTest.pass(24 * 60 * 60)
  const page = await browser.decide('approve', csrfToken)
  expect([page.status, page.body]).toEqual([403, expect.stringContaining('took too long')])
  const forged = await browser.decide('approve', csrfToken, { headers: { origin: 'https://evil.example' } })
  expect([forged.status, forged.body]).toEqual([403, expect.stringContaining('This was refused')])
})

test('the page says where the device asked from, and whether that is here', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest, '<b>\u202eSAN\u202c\u0007')
  const [near, far] = [openBrowserInTest(inTest), openBrowserInTest(inTest, '::ffff:198.51.100.20')]
  await near.signInAndCompare(device.userCode)
  await far.signInAndCompare(device.userCode)
  inTest.pass(125)
  const nearPage = (await near.get('/device/confirm')).body
  expect(nearPage).toContain('the same as this browser’s')
  expect(nearPage).toContain('2 minutes ago, at 12:00 UTC')
  expect(nearPage).toContain('<bdi>&lt;b&gt;SAN</bdi>')
  const farPage = (await far.get('/device/confirm')).body
  expect(farPage).toContain('203.0.113.7')
  expect(farPage).toContain('not the same as this browser’s, which is 198.51.100.20')
})

test('where a proxy hides addresses, the page does not say that the device is here', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest, 'NAS', '')
  for (const sourceIp of ['', '203.0.113.7']) {
    const browser = openBrowserInTest(inTest, sourceIp)
    await browser.signInAndCompare(device.userCode)
    const page = (await browser.get('/device/confirm')).body
    expect(page).toContain('<dd>unknown: a proxy stands between</dd>')
    expect(page).not.toContain('the same as')
  }
})

test('over plain HTTP in a home network the cookie does without Secure, on loopback it does not', async () => {
  const inTest = await openAuthInTest()
  for (const [url, cookie] of [
    ['http://192.168.1.20:8420', /^photos-sign-in=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/],
    ['http://127.0.0.1:8420', /^__Host-photos-sign-in=.*Secure/],
    [origin, /^__Host-photos-sign-in=.*Secure/],
  ] as const) {
    const handler = createAuthHandler(inTest.connect({ PHOTOS_API_URL: url }))
    const browser = openBrowserInTest({ ...inTest, handler })
    expect((await browser.get('/device')).cookies).toEqual([expect.stringMatching(cookie)])
  }
})
