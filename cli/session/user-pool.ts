import * as z from 'zod'
import type { DeviceMetadata } from '../../contract/devices.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { notAPhotosAnswer, refused } from '../remote/remote-errors.ts'
import { type Clock, isNetworkError, RetryableError, retry } from '../remote/retry.ts'
import { findTlsFailure } from '../remote/tls-failure.ts'
import { connectionError } from '../remote/transport.ts'

/** What a refresh brings. */
const refreshedSchema = z.object({
  AccessToken: z.string().min(1),
  IdToken: z.string().min(1),
  RefreshToken: z.string().min(1).optional(),
  ExpiresIn: z.number().positive(),
})
export interface RefreshedTokens {
  readonly accessToken: string
  readonly idToken: string
  /** Absent where the remote does not rotate them. */
  readonly refreshToken: string | undefined
  readonly expiresInSeconds: number
}

/** The remote will not refresh this session any more. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError'
}

/** The user pool cannot be reached, or not at the moment. */
export class UserPoolUnreachableError extends Error {
  override readonly name = 'UserPoolUnreachableError'
}

/** What the CLI asks of the user pool: two public operations, which need no credentials. */
export interface UserPool {
  /** Throws a {@link SessionEndedError}, a {@link UserPoolUnreachableError}, or a `UserError` with exit code 5 for what no user pool answers. */
  refresh(refreshToken: string, device: DeviceMetadata): Promise<RefreshedTokens>
  /** Ends what the refresh token can do; one that has ended already is no error. Throws a {@link UserPoolUnreachableError}. */
  revoke(refreshToken: string): Promise<void>
}

/** All attempts together take less than the minute for which a rotated token is still good when its answer was lost. */
const maximumAttempts = 4
const timeoutMs = 10_000

export function createUserPool(configuration: RemoteConfiguration, clock: Clock): UserPool {
  const { clientId } = configuration
  return {
    async refresh(refreshToken, device) {
      const answer = await ask(configuration, clock, async (client) => {
        const { GetTokensFromRefreshTokenCommand } = await import('@aws-sdk/client-cognito-identity-provider')
        return await client.send(
          new GetTokensFromRefreshTokenCommand({ ClientId: clientId, RefreshToken: refreshToken, ClientMetadata: device }),
        )
      })
      const tokens = refreshedSchema.safeParse(answer.AuthenticationResult)
      if (!tokens.success) throw notAPhotosAnswer(configuration.endpoints.userPool, 'the refresh', 'it brings no tokens')
      const { AccessToken: accessToken, IdToken: idToken, RefreshToken, ExpiresIn: expiresInSeconds } = tokens.data
      return { accessToken, idToken, refreshToken: RefreshToken, expiresInSeconds }
    },

    async revoke(refreshToken) {
      try {
        await ask(configuration, clock, async (client) => {
          const { RevokeTokenCommand } = await import('@aws-sdk/client-cognito-identity-provider')
          return await client.send(new RevokeTokenCommand({ ClientId: clientId, Token: refreshToken }))
        })
      } catch (error) {
        if (!(error instanceof SessionEndedError)) throw error
      }
    },
  }
}

type Client = import('@aws-sdk/client-cognito-identity-provider').CognitoIdentityProviderClient

async function ask<T>(
  { endpoints, region }: RemoteConfiguration,
  clock: Clock,
  send: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await createClient(endpoints.userPool, region)
  try {
    const attempt = () => inTime(send(client)).catch((error) => rethrow(error, endpoints.userPool))
    return await retry(attempt, { clock, maximumAttempts })
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error
    throw new UserPoolUnreachableError(error.message, { cause: error.cause })
  } finally {
    client.destroy()
  }
}

/** The SDK's own timeouts end where the body of an answer begins. What is late is ended with its client. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(connectionError('ETIMEDOUT', 'the answer took too long')), timeoutMs)
  })
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

async function createClient(endpoint: string, region: string): Promise<Client> {
  // The lockfile holds the last SDK releases made for Node 20: the SDK's warning about later ones would only frighten.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  const { CognitoIdentityProviderClient } = await import('@aws-sdk/client-cognito-identity-provider')
  return new CognitoIdentityProviderClient({
    endpoint,
    region,
    maxAttempts: 1, // the attempts are counted, and waited between, as everywhere else here
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  })
}

/** Source: Amazon Cognito API reference, GetTokensFromRefreshToken and RevokeToken, "Errors". */
const endings = new Set([
  'NotAuthorizedException',
  'RefreshTokenReuseException',
  'UserLambdaValidationException',
  'UserNotFoundException',
  'UserNotConfirmedException',
  'PasswordResetRequiredException',
  'ResourceNotFoundException',
  'InvalidParameterException',
  'UnauthorizedException',
  'UnsupportedTokenTypeException',
])
const passing = new Set([
  'TooManyRequestsException',
  'LimitExceededException',
  'InternalErrorException',
  'UnexpectedLambdaException',
  'InvalidLambdaResponseException',
  'ThrottlingException',
  'ServiceUnavailable',
  'TimeoutError',
])

const faultSchema = z.object({
  name: z.string(),
  code: z.string().optional(),
  $fault: z.enum(['client', 'server']).optional(),
  /** Where the answer is not of the user pool but of a proxy before it. */
  $response: z.object({ statusCode: z.number() }).optional(),
})

/** The name may be whatever the remote has written. */
function nameOf(name: string): string {
  return /^[A-Za-z0-9_]{1,60}$/.test(name) ? name : 'for an unknown reason'
}

/** Errors of the SDK hold the request, which holds tokens; none of them goes further than this. */
function rethrow(error: unknown, url: string): never {
  const { name, code, $fault, $response } = faultSchema.safeParse(error).data ?? { name: 'Error' }
  if (endings.has(name)) throw new SessionEndedError(name)
  if (isNetworkError(error)) throw new RetryableError(error instanceof Error ? error.message : name)
  const isPassing = passing.has(name) || $fault === 'server' || ($response?.statusCode ?? 0) >= 500
  if (isPassing) throw new RetryableError(`it answers ${$response?.statusCode ?? nameOf(name)}`)
  throw findTlsFailure(error, url) ?? refused(url, 'the refresh of the session', nameOf(code ?? name))
}
