import { expect, test } from 'vitest'
import { openAuthInTest, postForm, request } from './auth-in-test.ts'
import { openBrowserInTest } from './browser-in-test.ts'
import { openDeviceInTest } from './device-in-test.ts'
import { clientId } from './managed-login-in-test.ts'

const path = '/oauth/device_authorization'

test('codes are kept as hashes only', async () => {
  const inTest = await openAuthInTest()
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  const csrfToken = await browser.signInAndCompare(device.userCode)
  const records = JSON.stringify(await inTest.records())
  const [cookie] = browser.cookies.values()
  const { state, code } = await lastCallback(inTest, device.userCode)
  for (const secret of [device.deviceCode, device.userCode, device.userCode.replace('-', ''), cookie, csrfToken, state, code]) {
    expect(secret).toMatch(/.{8}/)
    expect(records).not.toContain(secret)
  }
  expect(records).not.toContain(inTest.login.refreshTokens[0])
  expect(records).not.toMatch(/eyJhbGciOi|access-/)
})

async function lastCallback(inTest: Awaited<ReturnType<typeof openAuthInTest>>, userCode: string) {
  const { searchParams } = await openBrowserInTest(inTest).signIn(userCode)
  return { state: searchParams.get('state') ?? '', code: searchParams.get('code') ?? '' }
}

test('what is not a device authorization is refused as RFC 6749 says, stored nowhere', async () => {
  const { handler } = await openAuthInTest()
  const refusals: readonly [string, Parameters<typeof postForm>[1], string][] = [
    ['no client', { scope: 'openid' }, 'invalid_request'],
    ['an empty client', { client_id: '' }, 'invalid_request'],
    ['another client', { client_id: 'somebody' }, 'invalid_client'],
    ['another scope', { client_id: clientId, scope: 'openid aws.cognito.signin.user.admin' }, 'invalid_scope'],
    ['a long device name', { client_id: clientId, device_name: 'é'.repeat(513) }, 'invalid_request'],
    ['a parameter twice', `client_id=${clientId}&client_id=${clientId}`, 'invalid_request'],
    ['a long body', { client_id: clientId, other: 'x'.repeat(20_000) }, 'invalid_request'],
  ]
  for (const [name, form, error] of refusals) {
    const { status, headers, body } = await request(handler, postForm(path, form))
    expect([name, status, JSON.parse(body)]).toEqual([
      name,
      400,
      { error, error_description: expect.stringMatching(/^[\x20-\x7e]+$/) },
    ])
    expect([headers.get('cache-control'), headers.get('content-type')]).toEqual(['no-store', 'application/json'])
  }
  const json = { 'content-type': 'application/json' }
  expect(JSON.parse((await request(handler, postForm(path, '{}', { headers: json }))).body)).toMatchObject({
    error: 'invalid_request',
  })
})

test('less than the whole scope may be asked for', async () => {
  const { handler } = await openAuthInTest()
  for (const scope of ['photos/access', 'openid email photos/access', '']) {
    expect((await request(handler, postForm(path, { client_id: clientId, scope }))).status).toBe(200)
  }
})

test('one address begins 60 times in ten minutes, others are not kept out by it', async () => {
  const inTest = await openAuthInTest()
  const begin = (sourceIp: string) => request(inTest.handler, postForm(path, { client_id: clientId }, { sourceIp }))
  for (let times = 0; times < 60; times++) expect((await begin('2001:db8:1:2::1')).status).toBe(200)
  const limited = await begin('2001:db8:1:2:ffff::2')
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '600'])
  expect((await begin('2001:db8:1:3::1')).status).toBe(200)
  inTest.pass(600)
  expect((await begin('2001:db8:1:2::1')).status).toBe(200)
})
