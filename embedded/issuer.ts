import { randomUUID } from 'node:crypto'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  importJWK,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT,
} from 'jose'
import * as z from 'zod'
import { type Owner, ownerSchema } from '../contract/owner.ts'
import { accessScope } from '../contract/remote-configuration.ts'
import { tokenMinutes } from '../lambda/aws/deployment.ts'
import type { LibraryIdentity } from './library.ts'

/** The one client of the embedded issuer. */
export const embeddedClientId = 'photos-cli'

/** Short, because an access token that is verified offline cannot be taken back. */
export const tokenSeconds = tokenMinutes * 60

/** The claims of an access token in Cognito's form: `client_id` where others write `aud`. */
const accessTokenClaimsSchema = z
  .object({
    sub: ownerSchema,
    client_id: z.literal(embeddedClientId),
    token_use: z.literal('access'),
    scope: z.string().refine((scope) => scope.split(' ').includes(accessScope), 'the scope is missing'),
  })
  .loose()
export type AccessTokenClaims = z.infer<typeof accessTokenClaimsSchema>

const idTokenClaimsSchema = z.object({ sub: ownerSchema, token_use: z.literal('id') }).loose()
export type IdTokenClaims = z.infer<typeof idTokenClaimsSchema>

/** Whom a token is about. */
export interface TokenSubject {
  readonly owner: Owner
  /** Of the token of an access; without it, the product's own scope alone. */
  readonly scope?: string
  /** Absent for the library's own user, who has not signed in. */
  readonly email?: string
  /** Which sign-in it comes from (Cognito's `origin_jti`). */
  readonly signInId?: string
  /** When that was (Cognito's `auth_time`); a refresh does not change it. */
  readonly signedInAt?: Date
  /** What the client sent along to find again in its ID token. */
  readonly nonce?: string
}

export interface Issuer {
  readonly url: string
  /** The public keys that its tokens are verified with. */
  readonly keys: JSONWebKeySet
  issueAccessToken(subject: TokenSubject, now: Date): Promise<string>
  issueIdToken(subject: TokenSubject, now: Date): Promise<string>
  /** Checks signature, issuer, client, expiry, use and scope; undefined for any token that is not right in all of them. */
  verifyAccessToken(token: string, now: Date): Promise<AccessTokenClaims | undefined>
  /** Checks signature, issuer, audience, expiry and use. */
  verifyIdToken(token: string, now: Date): Promise<IdTokenClaims | undefined>
}

/**
 * The name of a library's issuer. It has nothing to do with its address, which may change while tokens are out, and nobody
 * looks it up: `.internal` is reserved for private use.
 */
export function issuerUrlOf({ remoteId }: Pick<LibraryIdentity, 'remoteId'>): string {
  return `https://photos.internal/${remoteId}`
}

/** The user pool's part that signs and verifies tokens, in Cognito's shape, with the library's own key. */
export async function openIssuer(identity: LibraryIdentity): Promise<Issuer> {
  const url = issuerUrlOf(identity)
  const { d: _private, ...publicKey } = identity.issuerKey
  const kid = await calculateJwkThumbprint(publicKey)
  const keys: JSONWebKeySet = { keys: [{ ...publicKey, kid, alg: 'ES256', use: 'sig' }] }
  const findKey = createLocalJWKSet(keys)
  const privateKey = await importJWK(identity.issuerKey, 'ES256')

  const sign = async (claims: JWTPayload, owner: Owner, now: Date) => {
    const issuedAt = Math.floor(now.getTime() / 1000)
    return await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(url)
      .setSubject(owner)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + tokenSeconds)
      .sign(privateKey)
  }
  const verify = async (token: string, now: Date, more: JWTVerifyOptions = {}): Promise<JWTPayload | undefined> => {
    try {
      const rules = { issuer: url, algorithms: ['ES256'], requiredClaims: ['exp'], currentDate: now, ...more }
      return (await jwtVerify(token, findKey, rules)).payload
    } catch {
      return undefined
    }
  }

  return {
    url,
    keys,
    issueAccessToken: (subject, now) => sign(accessClaimsOf(subject), subject.owner, now),
    issueIdToken: (subject, now) => sign(idClaimsOf(subject), subject.owner, now),
    verifyAccessToken: async (token, now) => accessTokenClaimsSchema.safeParse(await verify(token, now)).data,
    verifyIdToken: async (token, now) =>
      idTokenClaimsSchema.safeParse(await verify(token, now, { audience: embeddedClientId })).data,
  }
}

/** Source: Amazon Cognito Developer Guide, "Understanding the access token". */
function accessClaimsOf({ owner, scope = accessScope, ...subject }: TokenSubject): JWTPayload {
  return {
    client_id: embeddedClientId,
    token_use: 'access',
    scope,
    username: owner,
    ...signInClaimsOf(subject),
  }
}

/** Source: Amazon Cognito Developer Guide, "Understanding the identity (ID) token". */
function idClaimsOf({ owner, email, nonce, ...subject }: TokenSubject): JWTPayload {
  return {
    aud: embeddedClientId,
    token_use: 'id',
    'cognito:username': owner,
    ...(email === undefined ? {} : { email, email_verified: true }),
    ...signInClaimsOf(subject),
    ...(nonce === undefined ? {} : { nonce }),
  }
}

function signInClaimsOf({ signInId, signedInAt }: Pick<TokenSubject, 'signInId' | 'signedInAt'>): JWTPayload {
  return {
    ...(signInId === undefined ? {} : { origin_jti: signInId }),
    ...(signedInAt === undefined ? {} : { auth_time: Math.floor(signedInAt.getTime() / 1000) }),
  }
}
