import type { ObjectHeaders, ObjectRecord } from './records.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

const keptHeaders = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
const userMetadataPrefix = 'x-amz-meta-'
const maximumUserMetadataBytes = 2048
const storageClasses = new Set([
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
  'REDUCED_REDUNDANCY',
])

/** What a PutObject, CopyObject or CreateMultipartUpload wants kept beside the bytes. */
export function parseObjectHeaders(request: S3Request): ObjectHeaders {
  const { headers } = request
  const kept = keptHeaders.flatMap((name) => {
    const value = name === 'content-encoding' ? withoutChunked(headers.get(name)) : headers.get(name)
    return value ? [[name, value] as const] : []
  })
  const userMetadata = [...headers]
    .filter(([name]) => name.startsWith(userMetadataPrefix))
    .map(([name, value]) => [name.slice(userMetadataPrefix.length), value] as const)
  if (userMetadata.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0) > maximumUserMetadataBytes) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size')
  }
  const storageClass = headers.get('x-amz-storage-class') ?? 'STANDARD'
  if (!storageClasses.has(storageClass)) throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid')
  return {
    contentType: headers.get('content-type') ?? 'binary/octet-stream',
    headers: Object.fromEntries(kept),
    userMetadata: Object.fromEntries(userMetadata),
    storageClass,
  }
}

/** `aws-chunked` says how the body travels, not what the object is. */
function withoutChunked(contentEncoding: string | undefined): string | undefined {
  return contentEncoding
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked')
    .join(', ')
}

/** The headers of a GetObject or HeadObject answer, without its length. */
export function renderObjectHeaders(record: ObjectRecord): Record<string, string> {
  const userMetadata = Object.entries(record.userMetadata).map(([name, value]) => [`${userMetadataPrefix}${name}`, value])
  return {
    ...record.headers,
    ...Object.fromEntries(userMetadata),
    'content-type': record.contentType,
    etag: record.etag,
    'last-modified': new Date(record.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    ...(record.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': record.storageClass }),
  }
}
