import type { FileHandle } from 'node:fs/promises'
import * as z from 'zod'
import type { Call, S3Response } from './call.ts'
import { type Checksum, type ChecksumAlgorithm, checksumHeader, createDigester } from './checksums.ts'
import { appendFile } from './durable-file.ts'
import { etagOfParts } from './etag.ts'
import { checksumElement, findUpload } from './multipart-operations.ts'
import { requireAbsent, wholeSeconds } from './put-object.ts'
import type { PartRecord, UploadRecord } from './records.ts'
import { S3Error } from './s3-error.ts'
import { parseXmlBody, repeated, xmlDocument } from './xml.ts'

const requestedPartSchema = z.object({
  PartNumber: z.coerce.number().int(),
  ETag: z.string(),
  ChecksumCRC32: z.string().optional(),
  ChecksumCRC32C: z.string().optional(),
  ChecksumCRC64NVME: z.string().optional(),
  ChecksumSHA1: z.string().optional(),
  ChecksumSHA256: z.string().optional(),
})
type RequestedPart = z.infer<typeof requestedPartSchema>

const completeSchema = z.object({
  CompleteMultipartUpload: z.object({ Part: repeated(requestedPartSchema, { minimum: 1, maximum: 10_000 }) }),
})

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html; asking again gives the same answer. */
export async function completeMultipartUpload(call: Call): Promise<S3Response> {
  call.require('write')
  const { bucket, key, query } = call.request
  const uploadId = query.get('uploadId') ?? ''
  const body = parseXmlBody(await call.readSmallBody(), completeSchema)
  return await call.service.uploads.locks.run(uploadId, async () => {
    const completed = await call.service.uploads.findCompleted(uploadId, bucket, key)
    if (completed !== undefined && (await call.service.objects.find(bucket, key))?.etag === completed) {
      return render(call, completed, undefined)
    }
    const { upload } = await findUpload(call)
    const onlyIfAbsent = await requireAbsent(call)
    const parts = await requireParts(call, uploadId, upload, body.CompleteMultipartUpload.Part)
    return await assemble(call, { uploadId, upload, parts, onlyIfAbsent })
  })
}

interface Assembly {
  readonly uploadId: string
  readonly upload: UploadRecord
  readonly parts: readonly PartRecord[]
  readonly onlyIfAbsent: boolean
}

async function assemble(call: Call, { uploadId, upload, parts, onlyIfAbsent }: Assembly): Promise<S3Response> {
  const { objects, uploads, now } = call.service
  const etag = etagOfParts(parts.map((part) => part.etag))
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  requireSize(call, sizeBytes)
  const { bucket, key, initiated, checksumAlgorithm, checksumType, ...headers } = upload
  const checksum = await objects.withTemporaryFile(
    (handle) => concatenate(call, { uploadId, upload, parts }, handle),
    async (temporaryPath, digest) => {
      const kept = digest === undefined ? {} : { checksum: { ...digest, type: checksumType } }
      const record = { ...headers, sizeBytes, etag, lastModified: wholeSeconds(now()), ...kept }
      const changes = await uploads.completion(uploadId, upload, etag, now())
      await objects.commit({ bucket, key, temporaryPath, record, onlyIfAbsent, changes })
      return digest
    },
  )
  await uploads.removeFiles(uploadId)
  await call.service.objectCreated(call, { sizeBytes, etag, createdBy: 'CompleteMultipartUpload' })
  return render(call, etag, checksum === undefined ? undefined : { ...checksum, type: checksumType })
}

function requireSize(call: Call, sizeBytes: number): void {
  const declared = call.header('x-amz-mp-object-size')
  if (declared === undefined || Number(declared) === sizeBytes) return
  throw new S3Error('InvalidRequest', `The provided 'x-amz-mp-object-size' header does not match what was computed.`)
}

/** Writes the parts one behind the other; the result is the object's checksum, where the upload was begun with one. */
async function concatenate(
  call: Call,
  { uploadId, upload, parts }: Omit<Assembly, 'onlyIfAbsent'>,
  target: FileHandle,
): Promise<Checksum | undefined> {
  const algorithm = upload.checksumAlgorithm
  const isFullObject = algorithm !== undefined && upload.checksumType === 'FULL_OBJECT'
  const digester = isFullObject ? createDigester(algorithm) : undefined
  for (const part of parts) {
    const source = await call.service.uploads.openPart(uploadId, part)
    try {
      await appendFile(source, target, digester && ((bytes) => digester.update(bytes)))
    } finally {
      await source.close()
    }
  }
  if (algorithm === undefined) return undefined
  const value = digester === undefined ? await compositeChecksum(algorithm, parts) : (await digester.digest()).toString('base64')
  const expected = call.header(checksumHeader(algorithm))
  const comparable = expected?.includes('-') ? value : value.replace(/-\d+$/, '')
  if (expected !== undefined && expected !== comparable) {
    throw new S3Error('BadDigest', `The ${checksumHeader(algorithm)} you specified did not match the calculated checksum.`)
  }
  return { algorithm, value }
}

/** The checksum of the parts' checksums, and how many there are. */
async function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly PartRecord[]): Promise<string> {
  const digester = createDigester(algorithm)
  for (const part of parts) digester.update(Buffer.from(part.checksum?.value ?? '', 'base64'))
  return `${(await digester.digest()).toString('base64')}-${parts.length}`
}

/** Throws S3Error InvalidPartOrder, InvalidPart or EntityTooSmall. */
async function requireParts(
  call: Call,
  uploadId: string,
  upload: UploadRecord,
  requested: readonly RequestedPart[],
): Promise<readonly PartRecord[]> {
  if (requested.some((part, index) => index > 0 && part.PartNumber <= (requested[index - 1]?.PartNumber ?? 0))) {
    throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order. Parts must be ordered by part number.')
  }
  const uploaded = new Map((await call.service.uploads.parts(uploadId)).map((part) => [part.partNumber, part]))
  const parts = requested.map((part) => requirePart(part, uploaded.get(part.PartNumber), upload))
  if (parts.slice(0, -1).some((part) => part.sizeBytes < call.service.minimumPartBytes)) {
    throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
  }
  return parts
}

function requirePart(requested: RequestedPart, uploaded: PartRecord | undefined, upload: UploadRecord): PartRecord {
  const checksum = uploaded?.checksum
  const sent = checksum === undefined ? undefined : requested[checksumElement(checksum.algorithm)]
  const isSame = uploaded !== undefined && requested.ETag.replaceAll('"', '') === uploaded.etag.replaceAll('"', '')
  if (!isSame || (sent !== undefined && sent !== checksum?.value)) {
    throw new S3Error(
      'InvalidPart',
      "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.",
    )
  }
  if (upload.checksumAlgorithm !== undefined && upload.checksumType === 'COMPOSITE' && sent === undefined) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${upload.checksumAlgorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. ` +
        `It was missing for part ${requested.PartNumber} in the request.`,
    )
  }
  return uploaded
}

function render(call: Call, etag: string, checksum: (Checksum & { readonly type: string }) | undefined): S3Response {
  const { bucket, key } = call.request
  const body = xmlDocument('CompleteMultipartUploadResult', [
    ['Location', `http://${call.header('host')}${call.request.canonicalPath}`],
    ['Bucket', bucket],
    ['Key', key],
    ['ETag', etag],
    ...(checksum === undefined
      ? []
      : ([
          [checksumElement(checksum.algorithm), checksum.value],
          ['ChecksumType', checksum.type],
        ] as const)),
  ])
  return { status: 200, body }
}
