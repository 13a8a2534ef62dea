import { hkdfSync } from 'node:crypto'
import type { LibraryIdentity } from './library.ts'

/** What a secret is for. The same purpose gives the same secret for the life of the library; no two share one. */
export type SecretPurpose = 'auth function' | 'refresh tokens' | 'sign-in cookies' | 'temporary credentials'

/** 32 bytes of a library's own, made from the secret that it has had since it was made (HKDF, RFC 5869). */
export function deriveSecret(identity: LibraryIdentity, purpose: SecretPurpose): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', identity.secretAccessKey, '', `photos ${purpose}`, 32))
}
