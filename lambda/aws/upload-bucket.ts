import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type Part,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'

/** An object that waits in the upload bucket. */
export interface UploadedObject {
  readonly sizeBytes: number
  readonly contentType: string
  /** Read it to its end, or destroy it. */
  readonly body: Readable
}

export interface UploadedPart {
  readonly partNumber: number
  readonly etag: string
  readonly checksumSha256: string
  readonly arrivedAt: Date
}

/** Where originals arrive. Everything in this bucket expires by itself, so that nothing here needs to be tidied. */
export interface UploadBucket {
  readonly name: string
  /** When the object arrived; undefined if there is none. */
  findArrival(key: string): Promise<Date | undefined>
  open(key: string): Promise<UploadedObject | undefined>
  /** Puts an empty object, whose event is all that matters. */
  announce(key: string): Promise<void>
  /** Removing what is gone already is no error, nor where the whole bucket is gone. */
  remove(key: string): Promise<void>
  createMultipart(key: string, contentType: string): Promise<string>
  /** Parts in order; undefined if S3 knows no such upload. */
  findParts(key: string, uploadId: string): Promise<readonly UploadedPart[] | undefined>
  /** Makes one object of the parts, unless there is one already. */
  completeMultipart(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void>
  abortMultipart(key: string, uploadId: string): Promise<void>
}

export function openUploadBucket(client: S3Client, name: string): UploadBucket {
  const at = (key: string) => ({ Bucket: name, Key: key })

  return {
    name,

    async findArrival(key) {
      const head = await client.send(new HeadObjectCommand(at(key))).catch(undefinedWhenMissing)
      return head?.LastModified
    },

    async open(key) {
      const answer = await client.send(new GetObjectCommand(at(key))).catch(undefinedWhenMissing)
      if (!(answer?.Body instanceof Readable)) return undefined
      return { sizeBytes: answer.ContentLength ?? 0, contentType: answer.ContentType ?? '', body: answer.Body }
    },

    async announce(key) {
      await client.send(new PutObjectCommand({ ...at(key), Body: Buffer.alloc(0), ContentLength: 0 }))
    },

    async remove(key) {
      await client.send(new DeleteObjectCommand(at(key))).catch(undefinedWhenMissing)
    },

    async createMultipart(key, contentType) {
      const create = new CreateMultipartUploadCommand({ ...at(key), ContentType: contentType, ChecksumAlgorithm: 'SHA256' })
      const { UploadId } = await client.send(create)
      if (UploadId === undefined) throw new Error('S3 gave no upload id')
      return UploadId
    },

    findParts: (key, uploadId) => listParts(client, name, key, uploadId),

    async completeMultipart(key, uploadId, parts) {
      const Parts = parts.map((part) => ({ PartNumber: part.partNumber, ETag: part.etag, ChecksumSHA256: part.checksumSha256 }))
      const complete = new CompleteMultipartUploadCommand({
        ...at(key),
        UploadId: uploadId,
        MultipartUpload: { Parts },
        IfNoneMatch: '*',
      })
      await client.send(complete).catch(ignoreAlreadyThere)
    },

    async abortMultipart(key, uploadId) {
      await client.send(new AbortMultipartUploadCommand({ ...at(key), UploadId: uploadId })).catch(undefinedWhenMissing)
    },
  }
}

async function listParts(client: S3Client, bucket: string, key: string, uploadId: string) {
  const parts: UploadedPart[] = []
  let marker: string | undefined
  do {
    const list = new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker })
    const page = await client.send(list).catch(undefinedWhenMissing)
    if (page === undefined) return undefined
    parts.push(...(page.Parts ?? []).flatMap(uploadedPart))
    marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
  } while (marker !== undefined)
  return parts
}

/** A part without its SHA-256 was not sent with a request that we signed, and does not count. */
function uploadedPart({ PartNumber, ETag, ChecksumSHA256, LastModified }: Part): readonly UploadedPart[] {
  if (PartNumber === undefined || ETag === undefined || ChecksumSHA256 === undefined || LastModified === undefined) return []
  return [{ partNumber: PartNumber, etag: ETag, checksumSha256: ChecksumSHA256, arrivedAt: LastModified }]
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined
  throw error
}

/** 412: an object of the same content hash arrived by another way. */
function ignoreAlreadyThere(error: unknown): void {
  if (!(error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412)) throw error
}
