import { createHash, createHmac } from 'node:crypto'
import { hashSecret, isSameSecret } from './auth-keys.ts'

/**
 * Everything that ties a sign-in to the browser that began it comes out of one secret, which only this browser's cookie
 * holds: of a link that is forwarded nothing can be made in another browser, and of what the table holds nothing either.
 */
export interface SignInSecrets {
  /** Goes through the managed login and back (RFC 6749, section 10.12). */
  readonly state: string
  /** Stands in the ID token of this sign-in and of no other (OpenID Connect Core, section 15.5.2). */
  readonly nonce: string
  /** RFC 7636, section 4.1: 43 characters of base64url. */
  readonly codeVerifier: string
}

/** @param browserSecret 32 random bytes as base64url, made anew for each sign-in */
export function signInSecretsOf(browserSecret: string): SignInSecrets {
  const derive = (use: string) => createHmac('sha256', browserSecret).update(use).digest('base64url')
  return { state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('code verifier') }
}

/** RFC 7636, section 4.2: `S256`. */
export function codeChallengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier, 'ascii').digest('base64url')
}

/** Under which the browser's session is found: the table does not hold the secret itself. */
export function sessionIdOf(browserSecret: string): string {
  return hashSecret(browserSecret)
}

export function isStateOf(browserSecret: string, state: string): boolean {
  return isSameSecret(signInSecretsOf(browserSecret).state, state)
}
