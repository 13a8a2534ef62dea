import * as oauth from 'oauth4webapi'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { notAPhotosAnswer } from '../remote/remote-errors.ts'
import { isNetworkError } from '../remote/retry.ts'
import type { Transport } from '../remote/transport.ts'
import { createOAuthFetch, type OAuthFetch } from './transport-fetch.ts'
import type { RefreshedTokens } from './user-pool.ts'

/** What a way to sign in needs. */
export interface SignInOptions {
  readonly configuration: RemoteConfiguration
  readonly transport: Transport
  /** What to type to try again. */
  readonly command: string
  readonly signal?: AbortSignal | undefined
}

/** What a sign-in brings. */
export interface SignInTokens extends RefreshedTokens {
  readonly refreshToken: string
}

/** A NAS may be some minutes off; an ID token that comes straight from the token endpoint is not the worse for that. */
const clockToleranceSeconds = 300

/** The client as the authorization server knows it: a public one, without a secret. */
export function oauthClientOf({ clientId }: RemoteConfiguration): oauth.Client {
  return { client_id: clientId, [oauth.clockTolerance]: clockToleranceSeconds }
}

const algorithms = ['RS256', 'ES256']

/** The device grant's server: the API itself. */
export function deviceServerOf({ issuer, endpoints }: RemoteConfiguration): oauth.AuthorizationServer {
  const api = endpoints.api.replace(/\/$/, '')
  return {
    issuer,
    device_authorization_endpoint: `${api}${deviceGrantPaths.deviceAuthorization}`,
    token_endpoint: `${api}${deviceGrantPaths.token}`,
    id_token_signing_alg_values_supported: algorithms,
  }
}

/** The managed login. */
export function managedLoginOf({ issuer, endpoints }: RemoteConfiguration): oauth.AuthorizationServer {
  const signIn = endpoints.signIn.replace(/\/$/, '')
  return {
    issuer,
    authorization_endpoint: `${signIn}/oauth2/authorize`,
    token_endpoint: `${signIn}/oauth2/token`,
    id_token_signing_alg_values_supported: algorithms,
  }
}

/** Whether `http` will do was decided when the remote's addresses were looked at. */
export function requestOptions({ transport, signal }: SignInOptions): {
  [oauth.customFetch]: OAuthFetch
  [oauth.allowInsecureRequests]: boolean
  signal?: AbortSignal
} {
  return {
    [oauth.customFetch]: createOAuthFetch(transport),
    [oauth.allowInsecureRequests]: true,
    ...(signal && { signal }),
  }
}

/** Throws a `UserError` with exit code 5 where one of the three tokens is missing. */
export function signInTokensOf(answer: oauth.TokenEndpointResponse, { configuration }: SignInOptions): SignInTokens {
  const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken, expires_in: expiresInSeconds } = answer
  if (idToken === undefined || refreshToken === undefined || expiresInSeconds === undefined) {
    throw notAPhotosAnswer(configuration.endpoints.api, answerToSignIn, 'a token is missing')
  }
  return { accessToken, idToken, refreshToken, expiresInSeconds }
}

const answerToSignIn = 'the answer to the sign-in'
/** What came is an ID token, but not one for this sign-in. */
const aboutToken = new Set([oauth.JWT_TIMESTAMP_CHECK, oauth.JWT_CLAIM_COMPARISON])

/** The library's errors hold answers, which hold tokens: none of them goes further than this. */
export function explainSignIn(error: unknown, { configuration, signal }: SignInOptions): unknown {
  if (signal?.aborted || error instanceof UserError) return error
  const { host } = new URL(configuration.endpoints.api)
  if (isNetworkError(error)) {
    return new UserError(`${host} cannot be reached (${error instanceof Error ? error.message : ''})`, {
      exitCode: exitCodes.remoteUnreachable,
      hint: 'check the network, then run the same command again',
      cause: error,
    })
  }
  if (error instanceof oauth.OperationProcessingError && aboutToken.has(error.code ?? '')) {
    const isTime = error.code === oauth.JWT_TIMESTAMP_CHECK
    return new UserError(`the sign-in with ${host} went wrong: ${error.message}`, {
      exitCode: exitCodes.notSignedIn,
      hint: isTime
        ? 'check the clock of this machine, then try again'
        : 'try again; if it stays so, report it to who runs the remote',
    })
  }
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    return new UserError(
      `${host} refuses the sign-in: ${/^[a-z_]{1,40}$/.test(error.error) ? error.error : 'for an unknown reason'}`,
      {
        exitCode: exitCodes.notSignedIn,
        hint: 'try again; if it stays so, report it to who runs the remote',
      },
    )
  }
  // Not as a cause: it holds the answer.
  if (isLibrarysOwn(error)) return notAPhotosAnswer(configuration.endpoints.api, answerToSignIn, error.message)
  return error
}

/** The library's errors have codes like `OAUTH_PARSE_ERROR`. */
function isLibrarysOwn(error: unknown): error is Error {
  return error instanceof Error && errorCode(error)?.startsWith('OAUTH_') === true
}
