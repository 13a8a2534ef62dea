import { createHash } from 'node:crypto'
import type { ReceivedBody } from './request-body.ts'

/**
 * The ETag of bytes that arrived in one request, in its quotes. It is their MD5, as S3's is, unless the request declared a
 * SHA-256 checksum: hashing everything a second time would only feed the ETag. It is then made from the SHA-256 and
 * ends in `-1`, as the ETag of a multipart upload does, which clients know not to be an MD5.
 */
export function etagOf(body: ReceivedBody): string {
  if (body.md5 !== undefined) return `"${body.md5}"`
  return `"${Buffer.from(body.checksum?.value ?? '', 'base64')
    .toString('hex')
    .slice(0, 32)}-1"`
}

/** The ETag of an object made from parts, as S3 computes it: MD5 over the parts' digests, and their number. */
export function etagOfParts(etags: readonly string[]): string {
  const hash = createHash('md5')
  for (const etag of etags) hash.update(Buffer.from(etag.slice(1, 33), 'hex'))
  return `"${hash.digest('hex')}-${etags.length}"`
}

/** Whether an `If-Match` or `If-None-Match` header names this ETag; quotes are optional, as in S3. */
export function etagMatches(header: string, etag: string): boolean {
  const bare = etag.replaceAll('"', '')
  return header.split(',').some((each) => {
    const wanted = each.trim().replace(/^W\//, '').replaceAll('"', '')
    return wanted === '*' || wanted === bare
  })
}
