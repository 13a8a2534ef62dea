import type { AccountState } from './account-state.ts'
import { type AwsAnswer, AwsRefusal, escapeXml } from './aws-answer.ts'

const subresources = ['delete', 'object-lock', 'uploads', 'uploadId', 'versions']

/** As much of S3 as serverless uploads its artifacts with, and a deployment looks for buckets with. */
export function answerS3(
  { buckets, accountId }: AccountState,
  method: string,
  url: URL,
  headers: Headers,
  body: Buffer,
): AwsAnswer {
  const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? []
  const objects = buckets.get(bucket)
  if (objects === undefined) throw new AwsRefusal('NoSuchBucket', 'The specified bucket does not exist', 404)
  if ((headers.get('x-amz-expected-bucket-owner') ?? accountId) !== accountId)
    throw new AwsRefusal('AccessDenied', 'Access Denied', 403)
  const asked = `${method} ${key === '' ? 'bucket' : 'object'}${subresources.filter((name) => url.searchParams.has(name)).map((name) => `?${name}`)}`
  switch (asked) {
    case 'HEAD bucket':
      return { status: 200, headers: { 'x-amz-bucket-region': 'eu-central-1' } }
    case 'GET bucket':
      return xml(
        'ListBucketResult',
        [...objects]
          .map(([name, bytes]) => `<Contents><Key>${escapeXml(name)}</Key><Size>${bytes.length}</Size></Contents>`)
          .join(''),
      )
    case 'GET bucket?versions':
      return xml(
        'ListVersionsResult',
        [...objects]
          .map(
            ([name, bytes]) =>
              `<Version><Key>${escapeXml(name)}</Key><VersionId>1</VersionId><Size>${bytes.length}</Size></Version>`,
          )
          .join(''),
      )
    case 'GET bucket?object-lock':
      throw new AwsRefusal('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist', 404)
    case 'POST bucket?delete':
      for (const [, name = ''] of body.toString('utf8').matchAll(/<Key>([^<]*)<\/Key>/g)) objects.delete(name)
      return xml('DeleteResult', '')
    case 'PUT object':
      objects.set(key, unframed(headers, body))
      return { status: 200, headers: { etag: '"0"' } }
    case 'HEAD object':
      if (!objects.has(key)) throw new AwsRefusal('NotFound', '', 404)
      return { status: 200, headers: { etag: '"0"', 'content-length': String(objects.get(key)?.length ?? 0) } }
    case 'POST object?uploads':
      return xml('InitiateMultipartUploadResult', '<UploadId>1</UploadId>')
    case 'PUT object?uploadId':
      return { status: 200, headers: { etag: '"0"' } }
    case 'POST object?uploadId':
      objects.set(key, Buffer.alloc(0))
      return xml('CompleteMultipartUploadResult', `<Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><ETag>"0"</ETag>`)
    default:
      throw new AwsRefusal('NotImplemented', `the fake S3 does not know ${asked}`, 501)
  }
}

function xml(root: string, inside: string): AwsAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?><${root}>${inside}</${root}>`,
  }
}

/** Bodies that are sent with their checksum behind them come in chunks of their own. Source: S3, "Using chunked uploads". */
function unframed(headers: Headers, body: Buffer): Buffer {
  if (!/aws-chunked/.test(headers.get('content-encoding') ?? '')) return body
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) return Buffer.concat(chunks)
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
