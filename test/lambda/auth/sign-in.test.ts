import { expect, test } from 'vitest'
import { openAuthInTest } from './auth-in-test.ts'
import { openBrowserInTest } from './browser-in-test.ts'
import { openDeviceInTest } from './device-in-test.ts'

test('a device is let in: code, sign-in, comparison, approval, tokens', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest, 'Zoe’s NAS')
  const browser = openBrowserInTest(inTest)
  expect(await device.poll()).toBe('authorization_pending')

  expect((await browser.get('/device')).body).toContain('Type the code that your device shows')
  const csrfToken = await browser.signInAndCompare(device.userCode.toLowerCase().replace('-', ' '))
  const page = await browser.get('/device/confirm')
  expect(page.body).toContain(device.userCode)
  expect(page.body).toContain('<bdi>Zoe’s NAS</bdi>')
  expect(page.body).toContain('<bdi>zoe@example.com</bdi>')
  expect(page.body.indexOf('value="deny"')).toBeLessThan(page.body.indexOf('value="approve"'))

  const decided = await browser.decide('approve', csrfToken)
  expect([decided.status, decided.headers.get('location')]).toEqual([303, '/device/confirm'])
  const approved = (await browser.get('/device/confirm')).body
  for (const text of ['Your device is signed in', 'photos devices revoke']) expect(approved).toContain(text)

  inTest.pass(100)
  expect(await device.poll()).toMatchObject({
    refresh_token: inTest.login.refreshTokens[0],
    expires_in: 1700,
    scope: 'openid email photos/access',
  })
  expect(await device.poll()).toBe('invalid_grant')
})
