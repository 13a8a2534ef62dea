import { renderThaw, requireReadable } from './archive.ts'
import { parseByteRange } from './byte-range.ts'
import type { Call, S3Response } from './call.ts'
import { etagMatches } from './etag.ts'
import { renderObjectHeaders } from './object-headers.ts'
import { preconditionFailed } from './object-store.ts'
import { parseOverrides, withDisposition } from './passive-content.ts'
import { renderChecksum } from './put-object.ts'
import type { ObjectRecord } from './records.ts'
import { S3Error } from './s3-error.ts'

/**
 * GetObject and HeadObject, which answers of archived objects, too: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function getObject(call: Call): Promise<S3Response> {
  call.require('read')
  const { bucket, key, method } = call.request
  const object = await call.service.objects.open(bucket, key)
  if (object === undefined) throw noSuchKey(call)
  const { record, handle } = object
  let isHandedOver = false
  try {
    if (method === 'GET') requireReadable(record, call.service.thawClock())
    const response = judgeConditions(call, record) ?? describeContent(call, record)
    if (method === 'HEAD' || response.status >= 300) return response
    isHandedOver = true
    return { ...response, body: { handle, startBytes: response.startBytes, lengthBytes: response.lengthBytes } }
  } finally {
    if (!isHandedOver) await handle.close()
  }
}

/** Without the right to list, S3 does not tell whether a key exists. */
export function noSuchKey(call: Call): S3Error {
  if (!call.isAllowed('list')) return new S3Error('AccessDenied', 'Access Denied')
  return new S3Error('NoSuchKey', 'The specified key does not exist.')
}

interface ContentResponse extends S3Response {
  readonly startBytes: number
  readonly lengthBytes: number
}

function describeContent(call: Call, record: ObjectRecord): ContentResponse {
  const ifRange = call.header('if-range')
  const rangeApplies = ifRange === undefined || etagMatches(ifRange, record.etag)
  const range = rangeApplies ? parseByteRange(call.header('range'), record.sizeBytes) : undefined
  const { startBytes, lengthBytes } = range ?? { startBytes: 0, lengthBytes: record.sizeBytes }
  const lastByte = startBytes + lengthBytes - 1
  const showsChecksum = range === undefined && call.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...withDisposition({ ...renderObjectHeaders(record), ...parseOverrides(call) }),
      ...renderThaw(record, call.service.thawClock()),
      'content-length': lengthBytes,
      ...(range === undefined ? {} : { 'content-range': `bytes ${startBytes}-${lastByte}/${record.sizeBytes}` }),
      ...(showsChecksum && record.checksum && renderChecksum(record.checksum, record.checksum.type)),
    },
    startBytes,
    lengthBytes,
  }
}

/** The order of RFC 9110, section 13.2.2. */
function judgeConditions(call: Call, record: ObjectRecord): ContentResponse | undefined {
  const modified = new Date(record.lastModified).getTime()
  const ifMatch = call.header('if-match')
  const ifUnmodifiedSince = parseDate(call.header('if-unmodified-since'))
  if (
    ifMatch !== undefined ? !etagMatches(ifMatch, record.etag) : ifUnmodifiedSince !== undefined && modified > ifUnmodifiedSince
  ) {
    throw preconditionFailed()
  }
  const ifNoneMatch = call.header('if-none-match')
  const ifModifiedSince = parseDate(call.header('if-modified-since'))
  const isNotModified =
    ifNoneMatch !== undefined
      ? etagMatches(ifNoneMatch, record.etag)
      : ifModifiedSince !== undefined && modified <= ifModifiedSince
  if (!isNotModified) return undefined
  const { etag, 'last-modified': lastModified } = renderObjectHeaders(record)
  return { status: 304, headers: { etag, 'last-modified': lastModified }, startBytes: 0, lengthBytes: 0 }
}

function parseDate(header: string | undefined): number | undefined {
  const time = Date.parse(header ?? '')
  return Number.isNaN(time) ? undefined : time
}
