import * as oauth from 'oauth4webapi'
import { deviceNameParameter } from '../../contract/device-grant.ts'
import { signInScope } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { isNetworkError } from '../remote/retry.ts'
import {
  deviceServerOf,
  explainSignIn,
  oauthClientOf,
  requestOptions,
  type SignInOptions,
  type SignInTokens,
  signInTokensOf,
} from './oauth-client.ts'
import { requireOwnPage } from './trusted-configuration.ts'

/** What a person needs to approve the sign-in on another machine. */
export interface DeviceCodeShown {
  readonly userCode: string
  readonly verificationUri: string
  /** With the code in it. */
  readonly verificationUriComplete: string | undefined
  readonly expiresInSeconds: number
}

export interface DeviceFlowOptions extends SignInOptions {
  /** As the person will be asked about it. */
  readonly deviceName: string
  readonly show: (code: DeviceCodeShown) => Promise<void>
}

/** RFC 8628, section 3.2: where the remote says nothing. */
const usualIntervalSeconds = 5
/** Section 3.5: added at each `slow_down`, for good. */
const slowDownSeconds = 5
/** However bad the network is, and whatever the remote says: a timer that is asked for 25 days or none goes off at once. */
const longestIntervalSeconds = 60
const shortestIntervalSeconds = 1
/** Nobody comes back to a code after so long. */
const longestLifeSeconds = 3600

/**
 * Signs in by the OAuth 2.0 Device Authorization Grant (RFC 8628). Throws a `UserError` with exit code 12 where it was
 * denied or took too long, and with 5 where the remote cannot be reached to begin it.
 */
export async function signInByDevice(options: DeviceFlowOptions): Promise<SignInTokens> {
  try {
    const authorization = await beginAuthorization(options)
    await options.show({
      userCode: authorization.user_code,
      verificationUri: authorization.verification_uri,
      verificationUriComplete: authorization.verification_uri_complete,
      expiresInSeconds: authorization.expires_in,
    })
    return await poll(authorization, options)
  } catch (error) {
    throw explainSignIn(error, options)
  }
}

async function beginAuthorization(options: DeviceFlowOptions): Promise<Authorization> {
  const { configuration, deviceName } = options
  const [server, client] = [deviceServerOf(configuration), oauthClientOf(configuration)]
  const parameters = { scope: signInScope, [deviceNameParameter]: deviceName }
  const response = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), parameters, requestOptions(options))
  if (isPassing(response)) {
    throw new UserError(`${new URL(configuration.endpoints.api).host} takes no sign-in at the moment (${response.status})`, {
      exitCode: exitCodes.remoteUnreachable,
      hint: 'try again in some minutes',
    })
  }
  const authorization = await oauth.processDeviceAuthorizationResponse(server, client, response)
  const { interval = usualIntervalSeconds, expires_in: lifeSeconds, verification_uri: page } = authorization
  for (const uri of [page, authorization.verification_uri_complete ?? page]) requireOwnPage(uri, configuration)
  return {
    ...authorization,
    interval: Math.min(Math.max(interval, shortestIntervalSeconds), longestIntervalSeconds),
    expires_in: Math.min(Math.max(lifeSeconds, 1), longestLifeSeconds),
  }
}

/** How long it is good for, and how often to ask, are within bounds. */
type Authorization = oauth.DeviceAuthorizationResponse & { readonly interval: number }

async function poll(authorization: Authorization, options: DeviceFlowOptions): Promise<SignInTokens> {
  const { clock } = options.transport
  const expiresAtMs = clock.now() + authorization.expires_in * 1000
  let intervalSeconds = authorization.interval
  for (;;) {
    await clock.delay(intervalSeconds * 1000, options.signal)
    const answer = await pollOnce(authorization.device_code, options)
    switch (answer.kind) {
      case 'signed-in':
        return answer.tokens
      case 'pending':
        break
      case 'slow-down':
        intervalSeconds += slowDownSeconds
        break
      case 'no-answer':
        intervalSeconds = Math.max(intervalSeconds, Math.min(intervalSeconds * 2, longestIntervalSeconds))
        break
    }
    if (clock.now() >= expiresAtMs) throw expired(options.command)
  }
}

type PollAnswer =
  | { readonly kind: 'signed-in'; readonly tokens: SignInTokens }
  | { readonly kind: 'pending' | 'slow-down' | 'no-answer' }

async function pollOnce(deviceCode: string, options: DeviceFlowOptions): Promise<PollAnswer> {
  const [server, client] = [deviceServerOf(options.configuration), oauthClientOf(options.configuration)]
  try {
    const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), deviceCode, requestOptions(options))
    if (isPassing(response)) return { kind: 'no-answer' }
    const answer = await oauth.processDeviceCodeResponse(server, client, response)
    return { kind: 'signed-in', tokens: signInTokensOf(answer, options) }
  } catch (error) {
    if (options.signal?.aborted) throw error
    if (isNetworkError(error)) return { kind: 'no-answer' }
    if (error instanceof oauth.ResponseBodyError) return understand(error, options.command)
    throw error
  }
}

/** RFC 8628, section 3.5. */
function understand(error: oauth.ResponseBodyError, command: string): PollAnswer {
  switch (error.error) {
    case 'authorization_pending':
      return { kind: 'pending' }
    case 'slow_down':
      return { kind: 'slow-down' }
    case 'access_denied':
      throw new UserError('the sign-in was denied in the browser', {
        exitCode: exitCodes.notSignedIn,
        hint: `if that was a mistake, try again: ${command}`,
      })
    case 'expired_token':
      throw expired(command)
    default:
      throw error
  }
}

function expired(command: string): UserError {
  return new UserError('the code expired before the sign-in was approved', {
    exitCode: exitCodes.notSignedIn,
    hint: `get a new one: ${command}`,
  })
}

/** The remote, or what stands before it, is too busy or broken just now. */
function isPassing(response: Response): boolean {
  return response.status === 429 || response.status >= 500
}
