import { S3Error } from './s3-error.ts'

export interface ByteRange {
  readonly startBytes: number
  readonly lengthBytes: number
}

/**
 * The one range of a `Range` header (RFC 9110, section 14). `undefined`, for the whole object, when there is no header
 * or when it is of a form that S3 ignores, such as several ranges. Throws S3Error InvalidRange.
 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  if (start > end) throw new S3Error('InvalidRange', 'The requested range is not satisfiable')
  return { startBytes: start, lengthBytes: end - start + 1 }
}
