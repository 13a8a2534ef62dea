import * as z from 'zod'
import { type DeviceMetadata, registerDeviceResponseSchema } from '../../../contract/devices.ts'
import type { Tokens } from './device-grant.ts'
import { ask, type HttpAnswer, jsonOf } from './http-answer.ts'
import type { ServedAccounts } from './served-accounts.ts'

/** A call of the API. */
export async function callApi(
  served: Pick<ServedAccounts, 'url'>,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<HttpAnswer> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  return await ask(`${served.url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
}

/** Makes the session a device, as the CLI does after signing in. */
export async function registerDevice(served: ServedAccounts, tokens: Tokens, name = 'attic NAS'): Promise<DeviceMetadata> {
  const answer = await callApi(served, tokens.access_token, 'POST', '/v1/devices', { name })
  const { deviceId, deviceSecret } = registerDeviceResponseSchema.parse(jsonOf(answer))
  return { device_id: deviceId, device_secret: deviceSecret }
}

/** One of Cognito's operations, in its JSON. */
async function callCognito(url: string, target: string, body: unknown): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  return await ask(url, { method: 'POST', headers, body: JSON.stringify(body) })
}

export async function askRefresh(
  served: ServedAccounts,
  refreshToken: string,
  device: Partial<DeviceMetadata> | undefined,
): Promise<HttpAnswer> {
  return await callCognito(
    served.configuration.endpoints.userPool,
    'AWSCognitoIdentityProviderService.GetTokensFromRefreshToken',
    {
      ClientId: served.configuration.clientId,
      RefreshToken: refreshToken,
      ...(device && { ClientMetadata: device }),
    },
  )
}

const refreshedSchema = z.object({
  AuthenticationResult: z.object({ AccessToken: z.string(), IdToken: z.string(), RefreshToken: z.string() }),
})

/** The tokens that a refresh gave. */
export function refreshedOf(answer: HttpAnswer): z.infer<typeof refreshedSchema>['AuthenticationResult'] {
  return refreshedSchema.parse(jsonOf(answer)).AuthenticationResult
}

/** The name of the error that Cognito's JSON tells. */
export function cognitoErrorOf(answer: HttpAnswer): string | undefined {
  const { __type } = z.object({ __type: z.string().optional() }).parse(jsonOf(answer))
  return __type?.split('#').at(-1)
}

export async function revokeToken(served: ServedAccounts, refreshToken: string): Promise<HttpAnswer> {
  return await callCognito(served.configuration.endpoints.userPool, 'AWSCognitoIdentityProviderService.RevokeToken', {
    ClientId: served.configuration.clientId,
    Token: refreshToken,
  })
}

const credentialsSchema = z
  .object({ Credentials: z.object({ AccessKeyId: z.string(), SecretKey: z.string(), SessionToken: z.string() }) })
  .transform(({ Credentials: { AccessKeyId, SecretKey, SessionToken } }) => ({
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretKey,
    sessionToken: SessionToken,
  }))
export type TemporaryCredentials = z.infer<typeof credentialsSchema>

/** The identity pool's two calls, one after the other; the answer is that of the first that fails. */
export async function askCredentials(served: ServedAccounts, token: string): Promise<HttpAnswer> {
  const { endpoints, identityPoolId, issuer } = served.configuration
  const Logins = { [issuer.replace('https://', '')]: token }
  const identity = await callCognito(endpoints.identityPool, 'AWSCognitoIdentityService.GetId', {
    IdentityPoolId: identityPoolId,
    Logins,
  })
  if (identity.status !== 200) return identity
  const { IdentityId } = z.object({ IdentityId: z.string() }).parse(jsonOf(identity))
  return await callCognito(endpoints.identityPool, 'AWSCognitoIdentityService.GetCredentialsForIdentity', { IdentityId, Logins })
}

export async function temporaryCredentials(served: ServedAccounts, { id_token }: Tokens): Promise<TemporaryCredentials> {
  return credentialsSchema.parse(jsonOf(await askCredentials(served, id_token)))
}
