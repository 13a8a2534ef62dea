import * as z from 'zod'
import type { Call, S3Response } from './call.ts'
import { type ChecksumAlgorithm, checksumAlgorithmSchema } from './checksums.ts'
import { writeChunks } from './durable-file.ts'
import { etagOf } from './etag.ts'
import { parseObjectHeaders } from './object-headers.ts'
import { renderChecksum, wholeSeconds } from './put-object.ts'
import { type ChecksumType, checksumTypeSchema, type PartRecord } from './records.ts'
import { S3Error } from './s3-error.ts'
import { type XmlElement, xmlDocument } from './xml.ts'

const maximumPartNumber = 10_000

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export async function createMultipartUpload(call: Call): Promise<S3Response> {
  call.require('write')
  const { bucket, key } = call.request
  const algorithm = parseAlgorithm(call.header('x-amz-checksum-algorithm'))
  const checksumType = parseChecksumType(call.header('x-amz-checksum-type'), algorithm)
  const uploadId = await call.service.uploads.create({
    ...parseObjectHeaders(call.request),
    bucket,
    key,
    initiated: wholeSeconds(call.service.now()),
    ...(algorithm === undefined ? {} : { checksumAlgorithm: algorithm }),
    checksumType,
  })
  const told = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': checksumType }
  return {
    status: 200,
    headers: algorithm === undefined ? {} : told,
    body: xmlDocument('InitiateMultipartUploadResult', [
      ['Bucket', bucket],
      ['Key', key],
      ['UploadId', uploadId],
    ]),
  }
}

function parseAlgorithm(header: string | undefined): ChecksumAlgorithm | undefined {
  const algorithm = checksumAlgorithmSchema.optional().safeParse(header?.toUpperCase())
  if (algorithm.success) return algorithm.data
  throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.')
}

/** A CRC can be had of the whole object, a hash only of the parts' hashes. */
function parseChecksumType(header: string | undefined, algorithm: ChecksumAlgorithm | undefined): ChecksumType {
  const type = checksumTypeSchema.safeParse(header ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'))
  const isHash = algorithm === 'SHA1' || algorithm === 'SHA256'
  const isPossible = type.data === 'FULL_OBJECT' ? !isHash : algorithm !== 'CRC64NVME'
  if (type.success && isPossible && (header === undefined || algorithm !== undefined)) return type.data
  throw new S3Error('InvalidRequest', `The ${header} checksum type cannot be used with the ${algorithm} checksum algorithm.`)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(call: Call): Promise<S3Response> {
  call.require('write')
  const { uploads } = call.service
  const { uploadId, upload } = await findUpload(call)
  const partNumber = parsePartNumber(call.request.query.get('partNumber'))
  const body = call.openBody()
  const { etag, checksum } = await uploads.putPart(uploadId, partNumber, async (handle) => {
    await writeChunks(handle, body.chunks)
    const received = await body.verify()
    if (upload.checksumAlgorithm !== undefined && received.checksum?.algorithm !== upload.checksumAlgorithm) {
      throw new S3Error(
        'InvalidRequest',
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm.toLowerCase()}, ` +
          `actual checksum Type: ${received.checksum?.algorithm.toLowerCase() ?? 'null'}`,
      )
    }
    return {
      sizeBytes: received.sizeBytes,
      etag: etagOf(received),
      lastModified: wholeSeconds(call.service.now()),
      ...(received.checksum === undefined ? {} : { checksum: received.checksum }),
    }
  })
  return { status: 200, headers: { etag, ...(checksum && renderChecksum(checksum)) } }
}

function parsePartNumber(text: string | undefined): number {
  const partNumber = Number(text)
  if (/^\d{1,5}$/.test(text ?? '') && partNumber >= 1 && partNumber <= maximumPartNumber) return partNumber
  throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${maximumPartNumber}, inclusive`)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export async function listParts(call: Call): Promise<S3Response> {
  call.require('write')
  const { query, bucket, key } = call.request
  const { uploadId, upload } = await findUpload(call)
  const page = z
    .object({ maximum: z.coerce.number().int().min(0), marker: z.coerce.number().int().min(0) })
    .safeParse({ maximum: query.get('max-parts') ?? 1000, marker: query.get('part-number-marker') ?? 0 })
  if (!page.success)
    throw new S3Error('InvalidArgument', 'max-parts and part-number-marker must be integers that are not negative')
  const maximum = Math.min(page.data.maximum, 1000)
  const behind = (await call.service.uploads.parts(uploadId)).filter((part) => part.partNumber > page.data.marker)
  const parts = behind.slice(0, maximum)
  const isTruncated = behind.length > maximum && maximum > 0
  const body = xmlDocument('ListPartsResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', uploadId],
    ['StorageClass', upload.storageClass],
    ['PartNumberMarker', page.data.marker],
    ['NextPartNumberMarker', isTruncated ? parts.at(-1)?.partNumber : undefined],
    ['MaxParts', maximum],
    ['IsTruncated', isTruncated],
    ['ChecksumAlgorithm', upload.checksumAlgorithm],
    ['ChecksumType', upload.checksumAlgorithm === undefined ? undefined : upload.checksumType],
    ...parts.map(renderPart),
  ])
  return { status: 200, body }
}

function renderPart({ partNumber, lastModified, etag, sizeBytes, checksum }: PartRecord): XmlElement {
  const digest: XmlElement[] = checksum === undefined ? [] : [[checksumElement(checksum.algorithm), checksum.value]]
  return ['Part', [['PartNumber', partNumber], ['LastModified', lastModified], ['ETag', etag], ['Size', sizeBytes], ...digest]]
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export async function abortMultipartUpload(call: Call): Promise<S3Response> {
  call.require('write')
  const { uploadId } = await findUpload(call)
  await call.service.uploads.abort(uploadId)
  return { status: 204 }
}

export async function findUpload(call: Call) {
  const uploadId = call.request.query.get('uploadId') ?? ''
  return { uploadId, upload: await call.service.uploads.get(uploadId, call.request.bucket, call.request.key) }
}

/** `ChecksumSHA256` and its like, as XML names it. */
export function checksumElement(algorithm: ChecksumAlgorithm): `Checksum${ChecksumAlgorithm}` {
  return `Checksum${algorithm}`
}
