import type { Call, S3Response } from './call.ts'
import { type Checksum, checksumHeader } from './checksums.ts'
import { writeChunks } from './durable-file.ts'
import { etagOf } from './etag.ts'
import { parseObjectHeaders } from './object-headers.ts'
import { preconditionFailed } from './object-store.ts'
import { S3Error } from './s3-error.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(call: Call): Promise<S3Response> {
  const { bucket, key } = call.request
  const { objects } = call.service
  call.require('write')
  const headers = parseObjectHeaders(call.request)
  const onlyIfAbsent = await requireAbsent(call)
  const body = call.openBody()
  const write = objects.withTemporaryFile(
    async (handle) => {
      await writeChunks(handle, body.chunks)
      return await body.verify()
    },
    async (temporaryPath, received) => {
      const { sizeBytes, checksum } = received
      const record = {
        ...headers,
        sizeBytes,
        etag: etagOf(received),
        lastModified: wholeSeconds(call.service.now()),
        ...(checksum === undefined ? {} : { checksum: { ...checksum, type: 'FULL_OBJECT' as const } }),
      }
      await objects.commit({ bucket, key, temporaryPath, record, onlyIfAbsent })
      return record
    },
  )
  const { etag, sizeBytes, checksum } = await write
  await call.service.objectCreated(call, { sizeBytes, etag, createdBy: 'Put' })
  return { status: 200, headers: { etag, ...(checksum && renderChecksum(checksum, checksum.type)) } }
}

/**
 * True when the request says `If-None-Match: *`. Refuses at once when the key is taken, before the body is sent; the
 * commit asks again, since another writer may be faster. Throws S3Error PreconditionFailed, NotImplemented.
 */
export async function requireAbsent(call: Call): Promise<boolean> {
  const condition = call.header('if-none-match')
  if (call.header('if-match') !== undefined || (condition !== undefined && condition !== '*')) {
    throw new S3Error('NotImplemented', 'Of conditional writes only If-None-Match: * is implemented.')
  }
  if (condition === undefined) return false
  const { bucket, key } = call.request
  if (await call.service.objects.isTaken(bucket, key)) throw preconditionFailed()
  return true
}

/** The headers that tell a checksum. */
export function renderChecksum(checksum: Checksum, type?: string): Record<string, string> {
  return { [checksumHeader(checksum.algorithm)]: checksum.value, ...(type === undefined ? {} : { 'x-amz-checksum-type': type }) }
}

/** HTTP dates have no fraction, so S3's last modification time has none either. */
export function wholeSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}.000Z`
}
