import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { type ContentHash, checksumOf } from '../../contract/content-hash.ts'
import { probeKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { Environment } from './environment.ts'

/** Parts of a streamed original, two of which are in memory at once: 10,000 of them make 160 GB. */
const streamPartSizeBytes = 16 * 2 ** 20
const streamConcurrency = 2

/**
 * A bucket with Object Lock and a default retention takes nothing without one: "The Content-MD5 or x-amz-sdk-checksum-algorithm
 * header is required for any request to upload an object with a retention period configured" (Amazon S3 API Reference, PutObject).
 */
const withChecksum = { ChecksumAlgorithm: 'SHA256' } as const

export type StoredObject =
  /** Read the body to its end, or destroy it. */
  | { readonly kind: 'readable'; readonly body: Readable }
  | { readonly kind: 'missing' }
  /** Its file was cut short, or written to: only in a library, where it is a file. */
  | { readonly kind: 'damaged' }
  /** It must be thawed first. */
  | { readonly kind: 'archived' }

/** Where originals stay for good. Nothing here replaces or deletes an original. */
export interface StorageBucket {
  readonly name: string
  /** Whether there is an object of this length; of any length where none is given. */
  has(key: string, sizeBytes?: number): Promise<boolean>
  open(key: string): Promise<StoredObject>
  /** Puts an original whose bytes were hashed; one that is there already stays as it is. */
  putOriginal(key: string, bytes: Buffer, contentHash: ContentHash, contentType: string): Promise<void>
  /** The same for bytes that do not fit into memory. A body that fails leaves nothing behind. */
  streamOriginal(key: string, body: Readable, contentType: string): Promise<void>
  /** One that is there already was made from the same bytes, and stays. */
  putRendition(key: string, bytes: Buffer): Promise<void>
  putJournal(key: string, json: string): Promise<void>
  /** In the standard class whatever originals get: it is read at once, and soon gone. */
  putProbe(key: string, bytes: Buffer, contentHash: ContentHash, contentType: string): Promise<void>
  /** Everything that was stored of a probe: the one thing here that is ever deleted. */
  removeProbe(owner: Owner, contentHash: ContentHash): Promise<void>
}

export function openStorageBucket(client: S3Client, environment: Environment): StorageBucket {
  const bucket = environment.storageBucket
  const original = { Bucket: bucket, StorageClass: environment.storageClass, IfNoneMatch: '*' } as const

  return {
    name: bucket,

    async has(key, sizeBytes) {
      try {
        const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        return sizeBytes === undefined || ContentLength === sizeBytes
      } catch (error) {
        if (hasStatus(error, 404)) return false
        throw error
      }
    },

    async open(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        if (Body instanceof Readable) return { kind: 'readable', body: Body }
        throw new Error('S3 answered without a body')
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'IncompleteObject') return { kind: 'damaged' }
        if (hasStatus(error, 404)) return { kind: 'missing' }
        if (error instanceof S3ServiceException && error.name === 'InvalidObjectState') return { kind: 'archived' }
        throw error
      }
    },

    async putOriginal(key, bytes, contentHash, contentType) {
      const checksum = { ChecksumSHA256: checksumOf(contentHash) }
      const put = new PutObjectCommand({ ...original, Key: key, Body: bytes, ContentType: contentType, ...checksum })
      await client.send(put).catch(ignoreAlreadyThere)
    },

    async streamOriginal(key, body, contentType) {
      const upload = new Upload({
        client,
        params: { ...original, Key: key, Body: body, ContentType: contentType, ChecksumAlgorithm: 'SHA256' },
        partSize: streamPartSizeBytes,
        queueSize: streamConcurrency,
        leavePartsOnError: false,
      })
      await upload.done().catch(ignoreAlreadyThere)
    },

    async putRendition(key, bytes) {
      const cached = { ContentType: 'image/webp', CacheControl: 'private, max-age=31536000, immutable' }
      const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, IfNoneMatch: '*', ...cached, ...withChecksum })
      await client.send(put).catch(ignoreAlreadyThere)
    },

    async putJournal(key, json) {
      const what = { Bucket: bucket, Key: key, Body: json, ContentType: 'application/json' }
      await client.send(new PutObjectCommand({ ...what, ...withChecksum }))
    },

    async putProbe(key, bytes, contentHash, contentType) {
      const what = { Bucket: bucket, Key: key, Body: bytes, ContentType: contentType, IfNoneMatch: '*' }
      await client.send(new PutObjectCommand({ ...what, ChecksumSHA256: checksumOf(contentHash) })).catch(ignoreAlreadyThere)
    },

    async removeProbe(owner, contentHash) {
      // Its own key and those of its renditions start alike, but for the extension.
      const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: probeKey(owner, contentHash, '') })
      const page = await client.send(list).catch(undefinedWhenMissing)
      for (const { Key } of page?.Contents ?? []) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
    },
  }
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status
}

/** A bucket that is gone holds nothing. */
function undefinedWhenMissing(error: unknown): undefined {
  if (!hasStatus(error, 404)) throw error
}

function ignoreAlreadyThere(error: unknown): void {
  if (!hasStatus(error, 412)) throw error
}
