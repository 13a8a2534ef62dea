// A refresh token alone is of no use: it needs its device, which its owner can take away.
import { beforeAll, describe, expect, test } from 'vitest'
import type { DeviceMetadata } from '../../../contract/devices.ts'
import { changePassword, removeAccount } from '../../../embedded/accounts.ts'
import { addAccountInTest } from '../../embedded/add-account-in-test.ts'
import { signInDevice, type Tokens } from './device-grant.ts'
import { ask, formOf, type HttpAnswer } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { askRefresh, callApi, cognitoErrorOf, refreshedOf, registerDevice, revokeToken } from './session-calls.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

interface SignedIn {
  readonly tokens: Tokens
  readonly device: DeviceMetadata
}

async function signedIn(): Promise<SignedIn> {
  const tokens = await signInDevice(served)
  return { tokens, device: await registerDevice(served, tokens) }
}

/** OAuth's own way to refresh, which is open to all. */
async function refreshAtToken(refresh_token: string, more: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
  const values = { grant_type: 'refresh_token', client_id: served.configuration.clientId, refresh_token, ...more }
  return await ask(`${served.configuration.endpoints.signIn}/oauth2/token`, formOf(values))
}

function expectNoTokens(answer: HttpAnswer): void {
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  expect(answer.body).not.toMatch(/eyJhbGciOi|Token"\s*:|_token"\s*:/)
}

describe('a stolen refresh token', () => {
  test('without the device, or with another secret, is refused', async () => {
    const { tokens, device } = await signedIn()
    const other = await signedIn()
    const wrong: (Partial<DeviceMetadata> | undefined)[] = [
      undefined,
      {},
      { device_id: device.device_id },
      { device_secret: device.device_secret },
      { device_id: device.device_id, device_secret: 'A'.repeat(43) },
      { device_id: device.device_id, device_secret: other.device.device_secret },
      { device_id: 'abcdefgh12345678', device_secret: device.device_secret },
    ]
    for (const metadata of wrong) {
      const answer = await askRefresh(served, tokens.refresh_token, metadata)
      expectNoTokens(answer)
      expect(cognitoErrorOf(answer)).toBe('UserLambdaValidationException')
    }
    // None of that has hurt whom it belongs to.
    expect((await askRefresh(served, tokens.refresh_token, device)).status).toBe(200)
  })

  test('is refused at /oauth2/token as well, where no device can be shown', async () => {
    const { tokens, device } = await signedIn()
    expectNoTokens(await refreshAtToken(tokens.refresh_token))
    expectNoTokens(await refreshAtToken(tokens.refresh_token, { ...device, device_secret: 'A'.repeat(43) }))
    expect((await askRefresh(served, tokens.refresh_token, device)).status).toBe(200)
  })

  test('is of no use to another client, nor is another kind of token for one', async () => {
    const { tokens, device } = await signedIn()
    expectNoTokens(await refreshAtToken(tokens.refresh_token, { client_id: 'another-client' }))
    for (const token of [tokens.access_token, tokens.id_token, 'A'.repeat(43), ''])
      expectNoTokens(await askRefresh(served, token, device))
  })
})

describe('a stolen access token', () => {
  test('registers no device: a sign-in makes one, and it is made already', async () => {
    const { tokens, device } = await signedIn()
    const fresh = refreshedOf(await askRefresh(served, tokens.refresh_token, device))
    for (const token of [tokens.access_token, fresh.AccessToken]) {
      const answer = await callApi(served, token, 'POST', '/v1/devices', { name: "attacker's laptop" })
      expect([answer.status, answer.body.includes('deviceSecret')]).toEqual([403, false])
    }
  })

  test('of a sign-in that is long past registers none either', async () => {
    const tokens = await signInDevice(served)
    served.advance(20 * 60)
    expect((await callApi(served, tokens.access_token, 'POST', '/v1/devices', { name: 'late' })).status).toBe(403)
  })

  test('20 registrations at once of one sign-in make one device', async () => {
    const tokens = await signInDevice(served)
    const register = () => callApi(served, tokens.access_token, 'POST', '/v1/devices', { name: 'one' })
    const answers = await Promise.all(Array.from({ length: 20 }, register))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  })
})

describe('rotation', () => {
  test('a rotated token is good for a minute, for the answer that got lost, and then no more', async () => {
    const { tokens, device } = await signedIn()
    const first = refreshedOf(await askRefresh(served, tokens.refresh_token, device))
    expect(first.RefreshToken).not.toBe(tokens.refresh_token)
    served.advance(30)
    expect((await askRefresh(served, tokens.refresh_token, device)).status).toBe(200)
    served.advance(61)
    const reused = await askRefresh(served, tokens.refresh_token, device)
    expectNoTokens(reused)
    expect(['RefreshTokenReuseException', 'NotAuthorizedException']).toContain(cognitoErrorOf(reused))
  })

  test('20 refreshes at once leave a session that goes on', async () => {
    const { tokens, device } = await signedIn()
    const answers = await Promise.all(Array.from({ length: 20 }, () => askRefresh(served, tokens.refresh_token, device)))
    const refreshed = answers.filter(({ status }) => status === 200).map(refreshedOf)
    expect(refreshed.length).toBeGreaterThan(0)
    const last = refreshed.at(-1)
    expect((await askRefresh(served, last?.RefreshToken ?? '', device)).status).toBe(200)
  })
})

describe('what was taken away', () => {
  test('a revoked device cannot refresh, with old tokens or new', async () => {
    const { tokens, device } = await signedIn()
    const { RefreshToken, AccessToken } = refreshedOf(await askRefresh(served, tokens.refresh_token, device))
    expect((await callApi(served, AccessToken, 'DELETE', `/v1/devices/${device.device_id}`)).status).toBe(204)
    for (const token of [tokens.refresh_token, RefreshToken]) {
      const answer = await askRefresh(served, token, device)
      expectNoTokens(answer)
      expect(cognitoErrorOf(answer)).toBe('UserLambdaValidationException')
      expectNoTokens(await refreshAtToken(token, { ...device }))
    }
  })

  test('after revoking all devices none can refresh', async () => {
    const [one, other] = [await signedIn(), await signedIn()]
    expect((await callApi(served, one.tokens.access_token, 'DELETE', '/v1/devices')).status).toBe(204)
    for (const { tokens, device } of [one, other]) expectNoTokens(await askRefresh(served, tokens.refresh_token, device))
  })

  test('a revoked refresh token is over, and so are those that came of it', async () => {
    const { tokens, device } = await signedIn()
    const { RefreshToken } = refreshedOf(await askRefresh(served, tokens.refresh_token, device))
    expect((await revokeToken(served, RefreshToken)).status).toBe(200)
    for (const token of [tokens.refresh_token, RefreshToken]) {
      const answer = await askRefresh(served, token, device)
      expectNoTokens(answer)
      expect(cognitoErrorOf(answer)).toMatch(/^(NotAuthorizedException|RefreshTokenReuseException)$/)
    }
  })

  test('a changed password ends the sessions that the old one began', async () => {
    const account = { email: 'carol@example.com', password: 'carol has a first password' }
    const { owner } = await addAccountInTest(served.folder, account)
    const tokens = await signInDevice(served, { ...account, owner })
    const device = await registerDevice(served, tokens)
    await changePassword(served.folder, { email: account.email, password: 'carol has a second password' })
    expectNoTokens(await askRefresh(served, tokens.refresh_token, device))
  })

  test('a removed account has no session, nor does it come back with an account of the same name', async () => {
    const account = { email: 'dave@example.com', password: 'dave has a long password' }
    const { owner } = await addAccountInTest(served.folder, account)
    const tokens = await signInDevice(served, { ...account, owner })
    const device = await registerDevice(served, tokens)
    await removeAccount(served.folder, account.email)
    expectNoTokens(await askRefresh(served, tokens.refresh_token, device))
    await addAccountInTest(served.folder, account)
    expectNoTokens(await askRefresh(served, tokens.refresh_token, device))
  })
})
