import { expect, test } from 'vitest'
import { deviceCodeGrantType } from '../../../contract/device-grant.ts'
import { createAuthHandler } from '../../../lambda/auth.ts'
import { type AuthInTest, openAuthInTest, postForm, request } from './auth-in-test.ts'
import { openBrowserInTest } from './browser-in-test.ts'
import { type DeviceInTest, openDeviceInTest, tokenRequest, tokensOrError } from './device-in-test.ts'
import { clientId } from './managed-login-in-test.ts'

async function approvedDevice(inTest: AuthInTest): Promise<DeviceInTest> {
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  await browser.decide('approve', await browser.signInAndCompare(device.userCode))
  return device
}

test('polling too fast adds five seconds, for good', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const polledAfter = async (seconds: number) => {
    inTest.pass(seconds)
    return await device.poll()
  }
  expect(await polledAfter(0)).toBe('authorization_pending')
  expect(await polledAfter(5)).toBe('authorization_pending')
  expect(await polledAfter(4)).toBe('slow_down')
  expect(await polledAfter(9)).toBe('slow_down')
  expect(await polledAfter(15)).toBe('authorization_pending')
  expect(await polledAfter(14)).toBe('slow_down')
  expect(await polledAfter(20)).toBe('authorization_pending')
})

test('of twenty redemptions at once one gets the tokens, which are in the table no longer', async () => {
  const inTest = await openAuthInTest()
  const device = await approvedDevice(inTest)
  const sealed = (await inTest.records()).filter((record) => 'sealedTokens' in record)
  expect(sealed).toHaveLength(1)
  const answers = await Promise.all(Array.from({ length: 20 }, () => device.poll()))
  expect(answers.filter((answer) => typeof answer !== 'string')).toHaveLength(1)
  expect(answers.filter((answer) => answer === 'invalid_grant')).toHaveLength(19)
  expect((await inTest.records()).filter((record) => 'sealedTokens' in record)).toEqual([])
})

test('an approved device that waits too long gets nothing', async () => {
  const inTest = await openAuthInTest()
  const device = await approvedDevice(inTest)
  inTest.pass(599)
  const late = await openDeviceInTest(inTest)
  inTest.pass(1)
  expect(await device.poll()).toBe('expired_token')
  expect(await late.poll()).toBe('authorization_pending')
})

test("another client's device code redeems nothing", async () => {
  const inTest = await openAuthInTest()
  const [device, waiting] = [await approvedDevice(inTest), await openDeviceInTest(inTest)]
  const other = createAuthHandler(inTest.connect({ PHOTOS_CLIENT_ID: 'other' }))
  const form = { grant_type: deviceCodeGrantType, client_id: 'other', device_code: device.deviceCode }
  for (const { deviceCode } of [device, waiting]) {
    const answer = await request(other, postForm('/oauth/token', { ...form, device_code: deviceCode }))
    expect(tokensOrError(answer)).toBe('invalid_grant')
  }
  expect(tokensOrError(await request(inTest.handler, postForm('/oauth/token', form)))).toBe('invalid_client')
  expect(await device.poll()).toMatchObject({ token_type: 'Bearer' })
})

test('tokens that were moved to another grant in the table do not open', async () => {
  const inTest = await openAuthInTest()
  const keys = await inTest.auth.keys()
  const sealed = keys.seal('tokens', 'tokens of grant one')
  expect(keys.open(sealed, 'tokens of grant one')).toBe('tokens')
  expect(() => keys.open(sealed, 'tokens of grant two')).toThrow()
  const changed = Buffer.from(sealed, 'base64url')
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
  expect(() => keys.open(changed.toString('base64url'), 'tokens of grant one')).toThrow()
})

test('requests that are not as they should be are told so', async () => {
  const { handler } = await openAuthInTest()
  const good = { grant_type: deviceCodeGrantType, client_id: clientId, device_code: 'A'.repeat(43) }
  const { client_id: _client, ...withoutClient } = good
  const { device_code: _code, ...withoutCode } = good
  const refusals: readonly [string, Parameters<typeof postForm>[1], string][] = [
    ['nothing', {}, 'invalid_request'],
    ['refreshing', { grant_type: 'refresh_token', refresh_token: 'x', client_id: clientId }, 'unsupported_grant_type'],
    ['a password', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no client', withoutClient, 'invalid_request'],
    ['no code', withoutCode, 'invalid_request'],
    ['two codes', `${new URLSearchParams(good)}&device_code=x`, 'invalid_request'],
    ['an unknown code', good, 'invalid_grant'],
  ]
  for (const [name, form, error] of refusals) {
    const answer = await request(handler, postForm('/oauth/token', form))
    expect([name, tokensOrError(answer)]).toEqual([name, error])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
  const asJson = { ...tokenRequest('A'.repeat(43)), headers: { 'content-type': 'application/json' } }
  expect(tokensOrError(await request(handler, asJson))).toBe('invalid_request')
  expect((await request(handler, { method: 'GET', path: '/oauth/token' })).status).toBe(404)
})
