import { expect, test } from 'vitest'
import { openAuthInTest, origin, postForm, request } from './auth-in-test.ts'
import { openBrowserInTest } from './browser-in-test.ts'
import { openDeviceInTest } from './device-in-test.ts'
import { clientId } from './managed-login-in-test.ts'

test('a link fills in the code and starts nothing', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  const page = await browser.get(`/device?user_code=${device.userCode}`)
  expect([page.status, page.headers.get('location')]).toEqual([200, null])
  expect(page.body).toContain(`value="${device.userCode}"`)
  expect((await browser.get('/device?user_code=%22%3E%3Cscript%3E')).body).toContain('value=""')
})

test('the right code leads to the managed login, with all that binds the sign-in to this browser', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  const sentOn = await browser.post('/device', { user_code: device.userCode })
  expect(sentOn.status).toBe(303)
  const url = new URL(sentOn.headers.get('location') ?? '')
  expect(url.origin + url.pathname).toBe(`${inTest.login.url}/oauth2/authorize`)
  const random = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: `${origin}/device/callback`,
    scope: 'openid email photos/access',
    state: random,
    nonce: random,
    code_challenge: random,
    code_challenge_method: 'S256',
    prompt: 'login',
  })
  expect(sentOn.cookies).toEqual([
    expect.stringMatching(/^__Host-photos-sign-in=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
  ])
})

test('every sign-in has a secret of its own', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  await browser.get('/device')
  const secrets = [...browser.cookies.values()]
  for (let times = 0; times < 2; times++) {
    await browser.post('/device', { user_code: device.userCode })
    secrets.push(...browser.cookies.values())
  }
  expect(new Set(secrets).size).toBe(3)
})

test('a code that is wrong, expired or used is told the same', async () => {
  const inTest = await openAuthInTest()
  const browser = openBrowserInTest(inTest)
  const used = await openDeviceInTest(inTest)
  await browser.decide('deny', await browser.signInAndCompare(used.userCode))
  const expired = await openDeviceInTest(inTest)
  inTest.pass(600)
  for (const userCode of ['BCDF-GHJK', 'what?', '', used.userCode, expired.userCode]) {
    const answer = await browser.post('/device', { user_code: userCode })
    expect([userCode, answer.status]).toEqual([userCode, 400])
    expect(answer.body).toContain('This code is not valid.')
  }
})

test('a form that does not come from the own page is refused', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const form = { user_code: device.userCode }
  for (const headers of [{}, { origin: 'null' }, { origin: 'https://evil.example' }, { origin: `${origin}.evil.example` }]) {
    expect((await request(inTest.handler, postForm('/device', form, { headers }))).status).toBe(403)
  }
})

test('guesses are limited for a browser and for an address, counted before they are looked at', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  await browser.get('/device')
  const guesses = await Promise.all(Array.from({ length: 15 }, () => browser.post('/device', { user_code: 'BCDF-GHJK' })))
  expect(guesses.filter(({ status }) => status === 429)).toHaveLength(5)
  const right = await browser.post('/device', { user_code: device.userCode })
  expect([right.status, right.headers.get('retry-after')]).toEqual([429, '600'])

  const fresh = () =>
    openBrowserInTest(inTest).post('/device', { user_code: 'BCDF-GHJK' }, { headers: { 'x-forwarded-for': '192.0.2.1' } })
  const statuses: number[] = []
  for (let times = 0; times < 40; times++) statuses.push((await fresh()).status)
  expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 400))
  expect(statuses.slice(-6)).toEqual([429, 429, 429, 429, 429, 429])
  expect((await openBrowserInTest(inTest, '192.0.2.9').post('/device', { user_code: device.userCode })).status).toBe(303)
})
