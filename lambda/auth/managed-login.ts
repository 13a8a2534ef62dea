import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import * as z from 'zod'
import { signInScope } from '../../contract/remote-configuration.ts'
import type { AuthEnvironment } from '../aws/auth-environment.ts'
import type { LogEntry } from '../log.ts'
import { isSameSecret } from './auth-keys.ts'
import { codeChallengeOf, type SignInSecrets } from './browser-secret.ts'

/** Within API Gateway's 30 seconds there are two requests to be made. */
const timeoutMs = 10_000

/** RFC 6749, section 5.1, with OpenID Connect's ID token. */
const tokensSchema = z.object({
  access_token: z.string().min(1),
  id_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires_in: z.int().positive(),
})
export type Tokens = z.infer<typeof tokensSchema>

/** Claims of Cognito's ID tokens, source: Amazon Cognito Developer Guide, "Understanding the identity (ID) token". */
const idTokenClaimsSchema = z.object({
  token_use: z.literal('id'),
  nonce: z.string(),
  sub: z.string().min(1),
  email: z.string().min(1).optional(),
})

/** The managed login did not keep to the protocol. The message says how, and never holds a token or a code. */
export class ManagedLoginError extends Error {
  override readonly name = 'ManagedLoginError'
}

/** Cognito's managed login, or what stands in for it. */
export interface ManagedLogin {
  /** Where to send a browser (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
  authorizationUrl(secrets: SignInSecrets, redirectUri: string): string
  /** Throws a ManagedLoginError. */
  exchange(code: string, secrets: SignInSecrets, redirectUri: string): Promise<Tokens>
  /** How people know the account that an ID token is of. Throws a ManagedLoginError unless the token is of this very sign-in. */
  verifyAccount(idToken: string, nonce: string): Promise<string>
  /** Ends what a refresh token could start (RFC 7009). */
  revoke(refreshToken: string): Promise<void>
}

export function openManagedLogin(environment: AuthEnvironment, fetch: typeof globalThis.fetch, now: () => Date): ManagedLogin {
  const { issuer, clientId, signInUrl } = environment
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
    [customFetch]: fetch,
    timeoutDuration: timeoutMs,
  })

  async function post(path: string, parameters: Readonly<Record<string, string>>): Promise<Response> {
    const body = new URLSearchParams({ client_id: clientId, ...parameters })
    return await fetch(`${signInUrl}${path}`, { method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  }

  return {
    authorizationUrl({ state, nonce, codeVerifier }, redirectUri) {
      const parameters = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: signInScope,
        state,
        nonce,
        code_challenge: codeChallengeOf(codeVerifier),
        code_challenge_method: 'S256',
        // Whoever sits at the browser says who they are, also where somebody is signed in already.
        prompt: 'login',
      })
      return `${signInUrl}/oauth2/authorize?${parameters}`
    },

    async exchange(code, { codeVerifier }, redirectUri) {
      const parameters = { grant_type: 'authorization_code', code, code_verifier: codeVerifier, redirect_uri: redirectUri }
      const response = await post('/oauth2/token', parameters).catch(failed('the token endpoint could not be reached'))
      if (!response.ok) throw new ManagedLoginError(`the token endpoint answered ${response.status}`)
      const tokens = tokensSchema.safeParse(await response.json().catch(() => undefined))
      if (!tokens.success) throw new ManagedLoginError('the token endpoint did not give the tokens that were asked for')
      return tokens.data
    },

    async verifyAccount(idToken, nonce) {
      const options = { issuer, audience: clientId, algorithms: ['RS256', 'ES256'], currentDate: now() }
      const required = { requiredClaims: ['exp', 'iat', 'sub', 'nonce'] }
      const verified = await jwtVerify(idToken, keys, { ...options, ...required }).catch(failed('the ID token is not valid'))
      const claims = idTokenClaimsSchema.safeParse(verified.payload)
      if (!claims.success) throw new ManagedLoginError('the ID token lacks claims')
      if (!isSameSecret(claims.data.nonce, nonce)) throw new ManagedLoginError('the ID token is of another sign-in')
      return claims.data.email ?? claims.data.sub
    },

    async revoke(refreshToken) {
      const response = await post('/oauth2/revoke', { token: refreshToken })
      if (!response.ok) throw new ManagedLoginError(`the revocation endpoint answered ${response.status}`)
    },
  }
}

/** A refresh token that goes nowhere is worth nothing without a device; revoking it as well is all that can be done. */
export async function revokeQuietly(refreshToken: string, auth: Revoking): Promise<void> {
  try {
    await auth.managedLogin.revoke(refreshToken)
  } catch (error) {
    auth.log({ level: 'error', event: 'revocation-failed', error: error instanceof Error ? error.name : typeof error })
  }
}

/** What it takes: the managed login, and somewhere to say that it failed. */
interface Revoking {
  readonly managedLogin: ManagedLogin
  readonly log: (entry: LogEntry) => void
}

/** A cause's message may hold what it was about: only its name goes on. */
function failed(message: string) {
  return (error: unknown): never => {
    throw new ManagedLoginError(`${message} (${error instanceof Error ? error.name : typeof error})`)
  }
}
