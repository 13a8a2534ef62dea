import { GetObjectCommand, PutObjectCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { type ContentHash, checksumOf } from '../../contract/content-hash.ts'
import type { SignedRequest, SignPartsRequest } from '../../contract/transfers.ts'

/** Long enough for the slowest line to send one request's bytes, short enough to be worthless later. */
const signatureSeconds = 60 * 60

/**
 * SHA-256 is enforced by S3 only as a signed header; hoisted into the query, as the presigner would, it is ignored.
 */
const unhoistableHeaders = new Set(['x-amz-checksum-sha256'])

export interface RequestSigner {
  /** A PUT of exactly these bytes, which never replaces an object. */
  put(bucket: string, key: string, original: PutOriginal): Promise<SignedRequest>
  part(bucket: string, key: string, uploadId: string, part: SignPartsRequest['parts'][number]): Promise<SignedRequest>
  get(bucket: string, key: string): Promise<SignedRequest>
}

export interface PutOriginal {
  readonly contentHash: ContentHash
  readonly sizeBytes: number
  readonly contentType: string
}

export function createRequestSigner(client: S3Client, now: () => Date): RequestSigner {
  const expiresAt = () => new Date(now().getTime() + signatureSeconds * 1000).toISOString()

  return {
    async put(bucket, key, { contentHash, sizeBytes, contentType }) {
      const checksum = checksumOf(contentHash)
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        ContentLength: sizeBytes,
        ContentType: contentType,
        ChecksumSHA256: checksum,
        IfNoneMatch: '*',
      })
      const signableHeaders = new Set(['host', 'content-length', 'content-type', 'if-none-match', 'x-amz-checksum-sha256'])
      const url = await getSignedUrl(client, command, { expiresIn: signatureSeconds, unhoistableHeaders, signableHeaders })
      const headers = {
        'content-length': String(sizeBytes),
        'content-type': contentType,
        'if-none-match': '*',
        'x-amz-checksum-sha256': checksum,
      }
      return { method: 'PUT', url, headers, expiresAt: expiresAt() }
    },

    async part(bucket, key, uploadId, { partNumber, sizeBytes, checksumSha256 }) {
      const command = new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        ContentLength: sizeBytes,
        ChecksumSHA256: checksumSha256,
      })
      const signableHeaders = new Set(['host', 'content-length', 'x-amz-checksum-sha256'])
      const url = await getSignedUrl(client, command, { expiresIn: signatureSeconds, unhoistableHeaders, signableHeaders })
      const headers = { 'content-length': String(sizeBytes), 'x-amz-checksum-sha256': checksumSha256 }
      return { method: 'PUT', url, headers, expiresAt: expiresAt() }
    },

    async get(bucket, key) {
      const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: signatureSeconds })
      return { method: 'GET', url, headers: {}, expiresAt: expiresAt() }
    },
  }
}
