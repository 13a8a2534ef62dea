import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { keyPrefixes } from '../../contract/object-keys.ts'
import { type Owner, ownerSchema } from '../../contract/owner.ts'
import type { Credentials, Grant } from '../s3/credentials.ts'

/** Cognito's own: an hour. */
const lifeMs = 60 * 60 * 1000

export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresAt: Date
}

/** Nothing of them is kept: the session token says whose they are and until when, and the library's secret vouches for it. */
export interface TemporaryCredentialsIssuer {
  issue(owner: Owner, now: Date): TemporaryCredentials
  /** What S3 is to allow; undefined for a session token that is not ours, or of another access key id. */
  find(accessKeyId: string, sessionToken: string): Credentials | undefined
}

const sessionSchema = z.object({ owner: ownerSchema, expiresAt: z.iso.datetime().transform((text) => new Date(text)) })

/** What the role of signed-in users allows one of them. */
export type GrantsOfOwner = (owner: Owner) => readonly Grant[]

/**
 * What the template's identity pool allows: an owner may read their originals, have them thawed to that end, and read the
 * probes of their doctors, and nothing else.
 */
export function usualGrants(storageBucket: string): GrantsOfOwner {
  return (owner) => [
    { bucket: storageBucket, prefix: `${keyPrefixes.originals}${owner}/`, actions: ['read', 'restore'] },
    { bucket: storageBucket, prefix: `${keyPrefixes.probes}${owner}/`, actions: ['read'] },
  ]
}

export function createTemporaryCredentials(secret: Uint8Array, grantsOf: GrantsOfOwner): TemporaryCredentialsIssuer {
  const mac = (text: string) => createHmac('sha256', secret).update(text)
  const accessKeyIdOf = (claims: string) => `ASIA${mac(`key id ${claims}`).digest('hex').slice(0, 16).toUpperCase()}`
  const secretAccessKeyOf = (claims: string) => mac(`secret key ${claims}`).digest('base64url')

  return {
    issue(owner, now) {
      const expiresAt = new Date(now.getTime() + lifeMs)
      const session = { owner, expiresAt: expiresAt.toISOString(), id: randomBytes(12).toString('hex') }
      const claims = Buffer.from(JSON.stringify(session)).toString('base64url')
      return {
        accessKeyId: accessKeyIdOf(claims),
        secretAccessKey: secretAccessKeyOf(claims),
        sessionToken: `${claims}.${mac(`session ${claims}`).digest('base64url')}`,
        expiresAt,
      }
    },

    find(accessKeyId, sessionToken) {
      const [claims = '', proof = ''] = sessionToken.split('.')
      const given = Buffer.from(proof, 'base64url')
      const right = mac(`session ${claims}`).digest()
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
      if (accessKeyId !== accessKeyIdOf(claims)) return undefined
      const { owner, expiresAt } = sessionSchema.parse(JSON.parse(Buffer.from(claims, 'base64url').toString()))
      // The right proof may stand in another spelling of base64url; what has to be sent is the token as it was given out.
      const asIssued = `${claims}.${right.toString('base64url')}`
      return { secretAccessKey: secretAccessKeyOf(claims), sessionToken: asIssued, expiresAt, grants: grantsOf(owner) }
    },
  }
}
