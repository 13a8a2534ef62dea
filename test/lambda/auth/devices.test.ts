import { expect, test } from 'vitest'
import * as z from 'zod'
import { devicesResponseSchema, registerDeviceResponseSchema } from '../../../contract/devices.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { createAuthorizeRefreshHandler } from '../../../lambda/authorize-refresh.ts'
import { type AuthInTest, openAuthInTest, type RequestInTest, request } from './auth-in-test.ts'
import { clientId } from './managed-login-in-test.ts'

const errorSchema = z.object({ error: z.object({ code: z.string() }) })

function openOwner(inTest: AuthInTest, owner: string) {
  let signIns = 0
  const now = () => ({ auth_time: String(inTest.now().getTime() / 1000) })
  const call = (method: string, path: string, more: Partial<RequestInTest> = {}) =>
    request(inTest.handler, { method, path, owner, claims: { origin_jti: 'always the same' }, ...more })
  return {
    call,
    register: (name: string, claims?: Readonly<Record<string, string>>) => {
      signIns += 1
      const body = JSON.stringify({ name })
      return call('POST', '/v1/devices', { body, claims: claims ?? { ...now(), origin_jti: `${owner} ${signIns}` } })
    },
    list: async () => devicesResponseSchema.parse(JSON.parse((await call('GET', '/v1/devices')).body)).devices,
  }
}

function refreshOf(
  sub: string,
  clientMetadata: Record<string, string> | undefined,
  changes: { source?: string; client?: string } = {},
) {
  return {
    version: '1',
    region: 'eu-central-1',
    userPoolId: 'pool',
    userName: sub,
    triggerSource: z
      .literal(['TokenGeneration_RefreshTokens', 'TokenGeneration_HostedAuth'])
      .parse(changes.source ?? 'TokenGeneration_RefreshTokens'),
    callerContext: { awsSdkVersion: '', clientId: changes.client ?? clientId },
    request: { userAttributes: { sub }, groupConfiguration: {}, ...(clientMetadata && { clientMetadata }) },
    response: { claimsOverrideDetails: {} },
  }
}

test('devices are registered, listed newest first, and revoked', async () => {
  const inTest = await openAuthInTest()
  const zoe = openOwner(inTest, 'zoe')
  const first = await zoe.register('NAS \u202e')
  expect([first.status, first.headers.get('cache-control')]).toEqual([201, 'no-store'])
  const { deviceId, deviceSecret } = registerDeviceResponseSchema.parse(JSON.parse(first.body))
  inTest.pass(60)
  await zoe.register('Laptop')
  expect(await zoe.list()).toMatchObject([
    { name: 'Laptop' },
    { name: 'NAS', deviceId, signedInFrom: '203.0.113.7', lastRefreshedAt: null },
  ])
  expect(JSON.stringify(await inTest.records())).not.toContain(deviceSecret)
  expect((await zoe.call('DELETE', `/v1/devices/${deviceId}`)).status).toBe(204)
  expect((await zoe.call('DELETE', `/v1/devices/${deviceId}`)).status).toBe(404)
  expect((await zoe.list()).map(({ name }) => name)).toEqual(['Laptop'])
  expect((await zoe.call('DELETE', '/v1/devices')).status).toBe(204)
  expect(await zoe.list()).toEqual([])
  const told = ['device-registered', 'device-registered', 'device-revoked', 'device-revoked']
  expect(inTest.logged).toEqual(told.map((event) => JSON.stringify({ level: 'info', event })))
})

test("another owner's devices are not seen, and not revoked", async () => {
  const inTest = await openAuthInTest()
  const [zoe, bob] = [openOwner(inTest, 'zoe'), openOwner(inTest, 'bob')]
  const { deviceId } = registerDeviceResponseSchema.parse(JSON.parse((await zoe.register('NAS')).body))
  expect(await bob.list()).toEqual([])
  expect((await bob.call('DELETE', `/v1/devices/${deviceId}`)).status).toBe(404)
  await bob.call('DELETE', '/v1/devices')
  expect(await zoe.list()).toHaveLength(1)
  expect((await request(inTest.handler, { method: 'GET', path: '/v1/devices' })).status).toBe(401)
})

test('a sign-in registers one device, soon: a revoked one cannot register itself again', async () => {
  const inTest = await openAuthInTest()
  const zoe = openOwner(inTest, 'zoe')
  const claims = { origin_jti: 'stolen', auth_time: String(inTest.now().getTime() / 1000) }
  const { deviceId } = registerDeviceResponseSchema.parse(JSON.parse((await zoe.register('NAS', claims)).body))
  await zoe.call('DELETE', `/v1/devices/${deviceId}`)
  const again = await zoe.register('NAS', claims)
  expect([again.status, errorSchema.parse(JSON.parse(again.body)).error.code]).toEqual([403, 'sign_in_again'])
  const { origin_jti: _origin, ...withoutOrigin } = claims
  for (const odd of [{}, withoutOrigin, { origin_jti: 'another' }, { origin_jti: 'another', auth_time: 'now' }]) {
    expect((await zoe.register('NAS', odd)).status).toBe(403)
  }
  inTest.pass(16 * 60)
  expect((await zoe.register('NAS', { ...claims, origin_jti: 'another' })).status).toBe(403)
  expect(await zoe.list()).toEqual([])
})

test('an owner has a hundred devices at most, and what is not a device is refused', async () => {
  const inTest = await openAuthInTest()
  const zoe = openOwner(inTest, 'zoe')
  const owner = ownerSchema.parse('zoe')
  const device = { secretHash: 'x', name: 'old', signedInFrom: '' }
  for (let index = 0; index < 99; index++) await inTest.auth.devices.put(owner, { ...device, deviceId: `device${1000 + index}` })
  expect((await zoe.register('the hundredth')).status).toBe(201)
  const tooMany = await zoe.register('one too many')
  expect([tooMany.status, errorSchema.parse(JSON.parse(tooMany.body)).error.code]).toEqual([409, 'too_many_devices'])
  expect((await zoe.register('')).status).toBe(400)
  expect((await zoe.register('x'.repeat(256))).status).toBe(400)
})

test('only a device that is registered refreshes, and it is noted', async () => {
  const inTest = await openAuthInTest()
  const authorize = createAuthorizeRefreshHandler(inTest.auth)
  const zoe = openOwner(inTest, 'zoe')
  const registered = registerDeviceResponseSchema.parse(JSON.parse((await zoe.register('NAS')).body))
  const metadata = { device_id: registered.deviceId, device_secret: registered.deviceSecret }
  inTest.pass(3600)
  const event = refreshOf('zoe', metadata)
  expect(await authorize(event)).toBe(event)
  expect(await zoe.list()).toMatchObject([{ lastRefreshedAt: '2026-11-22T13:00:00.000Z' }])

  const refused = expect.objectContaining({ name: 'RefreshRefusedError' })
  for (const wrong of [undefined, {}, { ...metadata, device_secret: 'A'.repeat(43) }, { ...metadata, device_id: 'abcdefgh' }]) {
    await expect(authorize(refreshOf('zoe', wrong))).rejects.toEqual(refused)
  }
  await expect(authorize(refreshOf('bob', metadata))).rejects.toEqual(refused)
  await zoe.call('DELETE', `/v1/devices/${registered.deviceId}`)
  await expect(authorize(refreshOf('zoe', metadata))).rejects.toEqual(refused)
  expect(await zoe.list()).toEqual([])
  expect(inTest.logged.join()).not.toContain(registered.deviceSecret)
})

test('signing in, and the sessions of other clients, are none of the trigger’s business', async () => {
  const inTest = await openAuthInTest()
  const authorize = createAuthorizeRefreshHandler(inTest.auth)
  for (const changes of [{ source: 'TokenGeneration_HostedAuth' }, { client: 'gallery' }]) {
    const event = refreshOf('zoe', undefined, changes)
    expect(await authorize(event)).toBe(event)
  }
})
