import {
  CognitoIdentityProviderClient,
  GetTokensFromRefreshTokenCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { expect, test } from 'vitest'
import { changePassword, removeAccount } from '../../../embedded/accounts.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { addAccountInTest } from '../add-account-in-test.ts'
import { ask, askForm } from '../request.ts'
import { serveInTest } from '../serve-in-test.ts'
import { ada, claimsOf, exchange, signInDevice, signInInBrowser } from './sign-in-in-test.ts'

const dayMs = 24 * 60 * 60 * 1000
const notAuthorized = { name: 'NotAuthorizedException' }
const reused = { name: 'RefreshTokenReuseException' }
const refusedByTrigger = { name: 'UserLambdaValidationException' }

type Metadata = Readonly<Record<string, string>>

async function serveAda() {
  let time = Date.now()
  const folder = await temporaryFolder()
  await addAccountInTest(folder, ada)
  const now = () => new Date(time)
  const backend = await serveInTest(folder, { now })
  const { tokens, device } = await signInDevice(backend.url, ada)
  const advance = (ms: number) => {
    time += ms
  }
  return { folder, backend, url: backend.url, tokens, device, advance, now, client: clientOf(backend.url) }
}

function clientOf(endpoint: string): CognitoIdentityProviderClient {
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
  return new CognitoIdentityProviderClient({ region: 'us-east-1', endpoint, maxAttempts: 1, credentials })
}

async function refresh(client: CognitoIdentityProviderClient, refreshToken: string, metadata: Metadata | undefined) {
  const command = new GetTokensFromRefreshTokenCommand({
    ClientId: 'photos-cli',
    RefreshToken: refreshToken,
    ClientMetadata: metadata && { ...metadata },
  })
  const { AuthenticationResult } = await client.send(command)
  const { AccessToken = '', IdToken = '', RefreshToken = '', ExpiresIn } = AuthenticationResult ?? {}
  return { accessToken: AccessToken, idToken: IdToken, refreshToken: RefreshToken, expiresIn: ExpiresIn }
}

test('a refresh gives new tokens of the same sign-in, and another refresh token', async () => {
  const { url, client, tokens, device } = await serveAda()
  const refreshed = await refresh(client, tokens.refresh_token, device)
  const { sub, scope, origin_jti } = claimsOf(tokens.access_token)
  expect(claimsOf(refreshed.accessToken)).toMatchObject({ sub, scope, origin_jti, token_use: 'access' })
  expect(claimsOf(refreshed.idToken)).toMatchObject({ sub, email: ada.email, aud: 'photos-cli', token_use: 'id' })
  expect(refreshed.expiresIn).toBe(1800)
  expect(refreshed.refreshToken).not.toBe(tokens.refresh_token)
  const headers = { authorization: `Bearer ${refreshed.accessToken}` }
  expect((await ask(`${url}/v1/devices`, { headers })).status).toBe(200)
  expect((await refresh(client, refreshed.refreshToken, device)).refreshToken).not.toBe(refreshed.refreshToken)
})

test('within a minute the old token gives the same successor, to one that comes late or twice; after it, nothing', async () => {
  const { client, tokens, device, advance } = await serveAda()
  const many = await Promise.all(Array.from({ length: 8 }, () => refresh(client, tokens.refresh_token, device)))
  expect(new Set(many.map(({ refreshToken }) => refreshToken)).size).toBe(1)
  const [successor = ''] = many.map(({ refreshToken }) => refreshToken)
  advance(60_000)
  await expect(refresh(client, tokens.refresh_token, device)).resolves.toMatchObject({ refreshToken: successor })
  advance(1000)
  await expect(refresh(client, tokens.refresh_token, device)).rejects.toMatchObject(reused)
  const last = await refresh(client, successor, device)
  await refresh(client, last.refreshToken, device)
  await expect(refresh(client, successor, device)).rejects.toMatchObject(reused)
})

test('sessions survive a restart, and a process that was not closed keeps nothing back', async () => {
  const { folder, backend, client, tokens, device } = await serveAda()
  const { refreshToken } = await refresh(client, tokens.refresh_token, device)
  await backend.close()
  const again = await serveInTest(folder)
  await expect(refresh(clientOf(again.url), refreshToken, device)).resolves.toMatchObject({ expiresIn: 1800 })
})

test('a session ends a year after the sign-in, however often it was refreshed', async () => {
  const { client, tokens, device, advance } = await serveAda()
  advance(200 * dayMs)
  const { refreshToken } = await refresh(client, tokens.refresh_token, device)
  advance(164 * dayMs)
  const last = await refresh(client, refreshToken, device)
  advance(dayMs)
  await expect(refresh(client, last.refreshToken, device)).rejects.toMatchObject(notAuthorized)
})

test('a refresh needs its device, by whatever door, and a refused one changes nothing', async () => {
  const { url, client, tokens, device } = await serveAda()
  for (const metadata of [
    undefined,
    {},
    { ...device, device_secret: 'x'.repeat(43) },
    { ...device, device_id: 'a'.repeat(16) },
  ]) {
    await expect(refresh(client, tokens.refresh_token, metadata)).rejects.toMatchObject(refusedByTrigger)
  }
  const form = { grant_type: 'refresh_token', client_id: 'photos-cli', refresh_token: tokens.refresh_token }
  const answer = await askForm(`${url}/oauth2/token`, form)
  expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, 'invalid_grant'])
  await refresh(client, tokens.refresh_token, device)
})

test('a device that was revoked cannot refresh', async () => {
  const { url, client, tokens, device } = await serveAda()
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  expect((await ask(`${url}/v1/devices/${device.device_id}`, { method: 'DELETE', headers })).status).toBe(204)
  await expect(refresh(client, tokens.refresh_token, device)).rejects.toMatchObject(refusedByTrigger)
})

test.each(['the call', 'the endpoint'])(
  'a revoked session has ended (%s), also by a token that was rotated away',
  async (way) => {
    const { url, client, tokens, device } = await serveAda()
    const { refreshToken } = await refresh(client, tokens.refresh_token, device)
    if (way === 'the call') await client.send(new RevokeTokenCommand({ ClientId: 'photos-cli', Token: tokens.refresh_token }))
    else await askForm(`${url}/oauth2/revoke`, { client_id: 'photos-cli', token: tokens.refresh_token })
    await expect(refresh(client, refreshToken, device)).rejects.toMatchObject(notAuthorized)
  },
)

test('to revoke what is no token of ours is no error, and ends nothing', async () => {
  const { url, client, tokens, device } = await serveAda()
  const forged = `${tokens.refresh_token.slice(0, -4)}AAAA`
  for (const Token of ['nonsense', forged]) await client.send(new RevokeTokenCommand({ ClientId: 'photos-cli', Token }))
  expect((await askForm(`${url}/oauth2/revoke`, { client_id: 'photos-cli', token: forged })).status).toBe(200)
  expect((await askForm(`${url}/oauth2/revoke`, { client_id: 'other', token: tokens.refresh_token })).status).toBe(401)
  expect((await askForm(`${url}/oauth2/revoke`, { client_id: 'photos-cli' })).status).toBe(400)
  await refresh(client, tokens.refresh_token, device)
})

test('a refresh token cannot be made up', async () => {
  const { client, tokens, device } = await serveAda()
  const [id, , proof] = tokens.refresh_token.split('.')
  const made = [
    `${id}.1.${proof}`,
    `${id}.0.${'A'.repeat(43)}`,
    `other.0.${proof}`,
    `${id}.0`,
    id ?? '',
    tokens.access_token,
    '..',
  ]
  for (const token of made) await expect(refresh(client, token, device)).rejects.toMatchObject(notAuthorized)
})

test.each(['a changed password', 'a removed account', 'an account that was removed and added again'])(
  '%s ends sessions',
  async (what) => {
    const { folder, client, tokens, device } = await serveAda()
    if (what === 'a changed password') await changePassword(folder, { email: ada.email, password: 'another password' })
    else await removeAccount(folder, ada.email)
    if (what.endsWith('added again')) await addAccountInTest(folder, ada)
    await expect(refresh(client, tokens.refresh_token, device)).rejects.toMatchObject(notAuthorized)
  },
)

test('a code that is shown twice ends the session that it gave', async () => {
  const { url, client } = await serveAda()
  const code = (await signInInBrowser(url, ada)).searchParams.get('code') ?? ''
  const { refresh_token, access_token } = JSON.parse((await exchange(url, code)).text)
  const headers = { authorization: `Bearer ${access_token}` }
  const device = JSON.parse((await ask(`${url}/v1/devices`, { method: 'POST', headers, body: '{"name":"mine"}' })).text)
  expect((await exchange(url, code)).status).toBe(400)
  const metadata = { device_id: device.deviceId, device_secret: device.deviceSecret }
  await expect(refresh(client, refresh_token, metadata)).rejects.toMatchObject(notAuthorized)
})

test('another client is refused in Cognito’s words', async () => {
  const { client, tokens } = await serveAda()
  const other = new GetTokensFromRefreshTokenCommand({ ClientId: 'other', RefreshToken: tokens.refresh_token })
  await expect(client.send(other)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
})
