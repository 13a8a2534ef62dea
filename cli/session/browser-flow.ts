import * as oauth from 'oauth4webapi'
import { signInScope } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { type LoopbackCallback, type LoopbackListener, listenOnLoopback } from './loopback-listener.ts'
import {
  explainSignIn,
  managedLoginOf,
  oauthClientOf,
  requestOptions,
  type SignInOptions,
  type SignInTokens,
  signInTokensOf,
} from './oauth-client.ts'

export interface BrowserFlowOptions extends SignInOptions {
  /** Shows the address to the person and opens it. It holds no secret: what it is worth hangs on the verifier, which stays here. */
  readonly open: (url: string) => Promise<void>
}

/** What only this process knows of one sign-in. */
interface Secrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

const patienceMs = 5 * 60_000

/**
 * Signs in with a browser on this machine: authorization code with PKCE (RFC 7636, S256) and a loopback redirect (RFC 8252).
 * Throws a `UserError` with exit code 12 where it was refused or took longer than five minutes.
 */
export async function signInByBrowser(options: BrowserFlowOptions): Promise<SignInTokens> {
  const secrets = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    codeVerifier: oauth.generateRandomCodeVerifier(),
  }
  const listener = await listenOnLoopback(options.configuration.loopbackRedirectUris, secrets.state)
  try {
    await options.open(await authorizeUrl(listener.redirectUri, secrets, options))
    const callback = await waitFor(listener, options)
    return await finish(callback, listener.redirectUri, secrets, options)
  } catch (error) {
    throw explainSignIn(error, options)
  } finally {
    await listener.close()
  }
}

async function authorizeUrl(redirectUri: string, secrets: Secrets, { configuration }: BrowserFlowOptions): Promise<string> {
  const url = new URL(managedLoginOf(configuration).authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: configuration.clientId,
    redirect_uri: redirectUri,
    scope: signInScope,
    state: secrets.state,
    nonce: secrets.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(secrets.codeVerifier),
    code_challenge_method: 'S256',
  }).toString()
  return url.href
}

async function waitFor({ callback }: LoopbackListener, options: BrowserFlowOptions): Promise<LoopbackCallback> {
  const { transport, command, signal } = options
  const isHere = new AbortController()
  const waiting = signal ? AbortSignal.any([signal, isHere.signal]) : isHere.signal
  const tooLate = transport.clock.delay(patienceMs, waiting).then(() => {
    throw new UserError('nobody came back from the browser for five minutes', {
      exitCode: exitCodes.notSignedIn,
      hint: `try again: ${command}`,
    })
  })
  try {
    return await Promise.race([callback, tooLate])
  } finally {
    tooLate.catch(() => {}) // the other one was there first
    isHere.abort()
  }
}

async function finish(
  callback: LoopbackCallback,
  redirectUri: string,
  secrets: Secrets,
  options: BrowserFlowOptions,
): Promise<SignInTokens> {
  try {
    const tokens = await redeem(callback.url, redirectUri, secrets, options)
    await callback.answer('You are signed in. You can close this window and go back to the terminal.')
    return tokens
  } catch (error) {
    await callback.answer('You are not signed in. The terminal says why.')
    throw error
  }
}

async function redeem(url: URL, redirectUri: string, secrets: Secrets, options: BrowserFlowOptions): Promise<SignInTokens> {
  const [server, client] = [managedLoginOf(options.configuration), oauthClientOf(options.configuration)]
  const parameters = oauth.validateAuthResponse(server, client, url, secrets.state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri,
    secrets.codeVerifier,
    requestOptions(options),
  )
  const expected = { expectedNonce: secrets.nonce, requireIdToken: true }
  return signInTokensOf(await oauth.processAuthorizationCodeResponse(server, client, response, expected), options)
}
