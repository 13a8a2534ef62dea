import { thawStateOf } from './archive.ts'
import type { Call, S3Response } from './call.ts'
import { appendFile } from './durable-file.ts'
import { parseObjectHeaders } from './object-headers.ts'
import { requireAbsent, wholeSeconds } from './put-object.ts'
import type { ObjectRecord } from './records.ts'
import { S3Error } from './s3-error.ts'
import { xmlDocument } from './xml.ts'

const maximumCopyBytes = 5 * 1024 ** 3

/** Bytes are copied, never shared between two keys. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(call: Call): Promise<S3Response> {
  const { bucket, key } = call.request
  const { objects, now } = call.service
  const source = parseSource(call.header('x-amz-copy-source') ?? '')
  const replacesHeaders = parseDirective(call.header('x-amz-metadata-directive'))
  call.require('write')
  call.require('read', source.bucket, source.key)
  if (source.bucket === bucket && source.key === key && !replacesHeaders) {
    throw new S3Error('InvalidRequest', 'This copy request is illegal because it copies an object to itself without changing it.')
  }
  const onlyIfAbsent = await requireAbsent(call)
  const original = await objects.open(source.bucket, source.key)
  if (original === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
  const {
    record: { slot: _slot, thaw: _thaw, ...kept },
    handle,
  } = original
  try {
    requireActive(original.record, call.service.thawClock())
    if (kept.sizeBytes > maximumCopyBytes) throw new S3Error('InvalidRequest', 'The specified copy source is larger than 5 GiB.')
    const headers = replacesHeaders ? parseObjectHeaders(call.request) : {}
    const record = { ...kept, ...headers, lastModified: wholeSeconds(now()) }
    await objects.withTemporaryFile(
      (target) => appendFile(handle, target),
      (temporaryPath) => objects.commit({ bucket, key, temporaryPath, record, onlyIfAbsent }),
    )
    await call.service.objectCreated(call, { sizeBytes: record.sizeBytes, etag: record.etag, createdBy: 'Copy' })
    return {
      status: 200,
      body: xmlDocument('CopyObjectResult', [
        ['LastModified', record.lastModified],
        ['ETag', record.etag],
      ]),
    }
  } finally {
    await handle.close()
  }
}

function requireActive(record: ObjectRecord, now: Date): void {
  const state = thawStateOf(record, now)
  if (state === 'readable' || state === 'thawed') return
  throw new S3Error('ObjectNotInActiveTierError', 'The source object of the COPY action is not in the active tier.')
}

function parseSource(header: string): { readonly bucket: string; readonly key: string } {
  if (header.includes('?')) throw new S3Error('NotImplemented', 'Versions are not implemented.')
  const [bucket = '', ...key] = decodeSource(header).replace(/^\//, '').split('/')
  if (bucket !== '' && key.join('/') !== '') return { bucket, key: key.join('/') }
  throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
}

function decodeSource(header: string): string {
  try {
    return decodeURIComponent(header)
  } catch (error) {
    throw new S3Error('InvalidArgument', 'Invalid copy source encoding.', { cause: error })
  }
}

function parseDirective(header: string | undefined): boolean {
  if (header === undefined || header === 'COPY') return false
  if (header === 'REPLACE') return true
  throw new S3Error('InvalidArgument', 'Unknown metadata directive.')
}
