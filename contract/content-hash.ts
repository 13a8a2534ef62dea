import * as z from 'zod'

/** SHA-256 of an original's bytes as 64 lower-case hexadecimal digits: the identity of a photo, everywhere. */
export const contentHashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a content hash is 64 lower-case hexadecimal digits')
  .brand('ContentHash')
export type ContentHash = z.infer<typeof contentHashSchema>

/** SHA-256 in base64, the form of S3's `x-amz-checksum-sha256` header (44 characters). */
export const checksumSha256Schema = z.string().regex(/^[0-9A-Za-z+/]{43}=$/, 'a SHA-256 checksum is 44 characters of base64')

/** The content hash of finished digest bytes (32 of them). */
export function contentHashOf(digest: Uint8Array): ContentHash {
  const { buffer, byteOffset, byteLength } = digest
  const digits = Buffer.from(buffer, byteOffset, byteLength).toString('hex')
  if (!isOfDigest(digits)) throw new RangeError(`a SHA-256 has 32 bytes, not ${byteLength}`)
  return digits
}

/** Of digits that bytes were written as, their number is all that could be wrong. A run looks at a hundred thousand of them. */
function isOfDigest(digits: string): digits is ContentHash {
  return digits.length === 64
}

/** The same 32 bytes as S3's checksum header writes them. */
export function checksumOf(contentHash: ContentHash): string {
  return Buffer.from(contentHash, 'hex').toString('base64')
}
