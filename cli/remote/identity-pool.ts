import {
  CognitoIdentityClient,
  type CognitoIdentityClientConfig,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
} from '@aws-sdk/client-cognito-identity'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import * as z from 'zod'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { RetryableError } from './retry.ts'
import type { ServerClock } from './server-clock.ts'
import type { TemporaryCredentials } from './temporary-credentials.ts'
import { connectionError, type Transport } from './transport.ts'

// The lockfile holds the last releases of the SDK that were made for Node 20: its warning about later ones would only
// frighten users.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

/**
 * Where an ID token is exchanged for temporary credentials. Both calls are public and sign nothing. They throw a
 * {@link TokenRefusedError}, a {@link PoolFaultError}, a `RetryableError`, or an error of the network.
 * https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/
 */
export interface IdentityPool {
  /** The identity id that stands for the user in this pool; it stays the same. */
  getIdentityId(idToken: string, signal?: AbortSignal): Promise<string>
  getCredentials(identityId: string, idToken: string, signal?: AbortSignal): Promise<TemporaryCredentials>
}

export interface IdentityPoolOptions {
  readonly configuration: Pick<RemoteConfiguration, 'endpoints' | 'identityPoolId' | 'issuer' | 'region'>
  readonly transport: Transport
  /** Learns the time from every answer. */
  readonly serverClock: ServerClock
}

/** The pool does not accept the ID token. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError'
}

/** The pool gives nothing, and would not later: why, in words. Without a cause, since errors of the SDK hold tokens. */
export class PoolFaultError extends Error {
  override readonly name = 'PoolFaultError'
}

const identitySchema = z.object({ IdentityId: z.string().min(1) })

const credentialsSchema = z.object({
  Credentials: z
    .object({
      AccessKeyId: z.string().min(1),
      SecretKey: z.string().min(1),
      SessionToken: z.string().min(1),
      Expiration: z.date(),
    })
    .transform(({ AccessKeyId, SecretKey, SessionToken, Expiration }) => ({
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretKey,
      sessionToken: SessionToken,
      expiresAt: Expiration,
    })),
})

export function openIdentityPool(options: IdentityPoolOptions): IdentityPool {
  const { identityPoolId, issuer } = options.configuration
  const client = new CognitoIdentityClient(clientConfiguration(options))
  const loginsOf = (idToken: string) => ({ [issuer.replace('https://', '')]: idToken })

  return {
    async getIdentityId(idToken, signal) {
      const getId = new GetIdCommand({ IdentityPoolId: identityPoolId, Logins: loginsOf(idToken) })
      const answer = await client.send(getId, abortable(signal)).catch(throwAsOurs)
      return parseAnswer(identitySchema, answer).IdentityId
    },
    async getCredentials(identityId, idToken, signal) {
      const get = new GetCredentialsForIdentityCommand({ IdentityId: identityId, Logins: loginsOf(idToken) })
      const answer = await client.send(get, abortable(signal)).catch(throwAsOurs)
      return parseAnswer(credentialsSchema, answer).Credentials
    },
  }
}

function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new PoolFaultError(notItsAnswer)
}

/** Complete, so that nothing that is set on this machine for other uses of AWS (profiles, variables) has a say. */
function clientConfiguration({ configuration, transport, serverClock }: IdentityPoolOptions): CognitoIdentityClientConfig {
  return {
    region: configuration.region,
    endpoint: configuration.endpoints.identityPool,
    requestHandler: new DatedHttpHandler(transport, serverClock),
    maxAttempts: 1, // the caller repeats
    retryMode: 'standard',
    defaultsMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    authSchemePreference: [],
    userAgentAppId: async () => undefined,
  }
}

function abortable(signal: AbortSignal | undefined) {
  return signal ? { abortSignal: signal } : {}
}

/** The run's connections, and an ear for the time. */
class DatedHttpHandler extends NodeHttpHandler {
  readonly #serverClock: ServerClock

  constructor({ httpAgent, httpsAgent, inactivityMs }: Transport, serverClock: ServerClock) {
    super({ httpAgent, httpsAgent, connectionTimeout: inactivityMs, socketTimeout: inactivityMs })
    this.#serverClock = serverClock
  }

  override async handle(...call: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    const answer = await super.handle(...call)
    this.#serverClock.learn(answer.response.headers['date'])
    return answer
  }
}

const passingExceptions = new Set([
  'TooManyRequestsException', // GetId: 25 a second for a whole deployment
  'InternalErrorException',
  'ExternalServiceException',
  'ResourceConflictException',
])
const failureSchema = z.object({ $metadata: z.object({ httpStatusCode: z.int().optional() }) })

const notItsAnswer = 'what answers there is no identity pool, or of another release'
const faults: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'it is gone (ResourceNotFoundException)',
  InvalidIdentityPoolConfigurationException: 'it has no role for signed-in users (InvalidIdentityPoolConfigurationException)',
  InvalidParameterException: 'it does not know the sign-in of this remote (InvalidParameterException)',
}

function throwAsOurs(error: unknown): never {
  if (!(error instanceof Error)) throw error
  const status = failureSchema.safeParse(error).data?.$metadata.httpStatusCode ?? 0
  if (error.name === 'NotAuthorizedException') throw new TokenRefusedError(error.message, { cause: error })
  if (error.name === 'TimeoutError') throw connectionError('ETIMEDOUT', 'nothing moved over the connection')
  if (passingExceptions.has(error.name) || status === 429 || status >= 500) {
    throw new RetryableError(`the identity pool answers ${error.name}`, { cause: error })
  }
  // The SDK marks with it what it makes of an answer, be it an exception of the service or one that it cannot read.
  if ('$response' in error) throw new PoolFaultError(faults[error.name] ?? nameOf(error.name))
  throw error
}

/** The name may be whatever the other side has written, or that of an error of JavaScript's. */
function nameOf(name: string): string {
  return /^[A-Za-z0-9]{1,60}Exception$/.test(name) ? `it answers ${name}` : notItsAnswer
}
