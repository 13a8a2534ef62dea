import { createLocalJWKSet, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { ownerSchema } from '../contract/owner.ts'
import { accessScope } from '../contract/remote-configuration.ts'
import type { LibraryIdentity } from './library.ts'

/** The one client of the embedded issuer. */
export const embeddedClientId = 'photos-cli'

/** Short, because an access token that is verified offline cannot be taken back. */
const accessTokenSeconds = 30 * 60

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

export interface Issuer {
  readonly url: string
  /** For the library's own user, who can read its key anyway. */
  issueAccessToken(now: Date): Promise<string>
  /** Checks signature, issuer, client, expiry, use and scope; undefined for any token that is not right in all of them. */
  verifyAccessToken(token: string, now: Date): Promise<AccessTokenClaims | undefined>
}

export async function openIssuer(identity: LibraryIdentity): Promise<Issuer> {
  const url = `urn:photos:${identity.remoteId}`
  const { d: _private, ...publicKey } = identity.issuerKey
  const keys = createLocalJWKSet({ keys: [{ ...publicKey, alg: 'ES256', use: 'sig' }] })
  const privateKey = await importJWK(identity.issuerKey, 'ES256')

  return {
    url,

    async issueAccessToken(now) {
      const issuedAt = Math.floor(now.getTime() / 1000)
      return await new SignJWT({ client_id: embeddedClientId, token_use: 'access', scope: accessScope })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(url)
        .setSubject(identity.owner)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTokenSeconds)
        .sign(privateKey)
    },

    async verifyAccessToken(token, now) {
      let payload: JWTPayload
      try {
        payload = (
          await jwtVerify(token, keys, { issuer: url, algorithms: ['ES256'], requiredClaims: ['exp'], currentDate: now })
        ).payload
      } catch {
        return undefined
      }
      return accessTokenClaimsSchema.safeParse(payload).data
    },
  }
}
