import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import type { ContentHash } from '../../contract/content-hash.ts'
import type { Owner } from '../../contract/owner.ts'
import { unfinishedUploadExpiryDays } from '../aws/deployment.ts'
import { recordKeys } from '../aws/index-table.ts'

/** S3's own answer decides whether an upload is there; a day after that cannot be any more, its record goes, too. */
const recordSeconds = (unfinishedUploadExpiryDays + 1) * 24 * 60 * 60

const multipartUploadSchema = z.object({
  uploadId: z.string(),
  sizeBytes: z.int().positive(),
  partSizeBytes: z.int().positive(),
})
export type MultipartUpload = z.infer<typeof multipartUploadSchema>

/** Which multipart upload carries an original, so that a killed client finds its parts again. */
export interface MultipartUploads {
  find(owner: Owner, contentHash: ContentHash): Promise<MultipartUpload | undefined>
  /** Takes the place of `previous` (or of none); false when another client was faster. */
  put(owner: Owner, contentHash: ContentHash, upload: MultipartUpload, previous: MultipartUpload | undefined): Promise<boolean>
  /** Unless another upload has taken its place. */
  remove(owner: Owner, contentHash: ContentHash, uploadId: string): Promise<void>
}

export function openMultipartUploads(client: DynamoDBDocumentClient, tableName: string, now: () => Date): MultipartUploads {
  const key = (owner: Owner, contentHash: ContentHash) => ({ owner, record: recordKeys.upload(contentHash) })

  return {
    async find(owner, contentHash) {
      const get = new GetCommand({ TableName: tableName, Key: key(owner, contentHash), ConsistentRead: true })
      const { Item } = await client.send(get)
      return Item && multipartUploadSchema.parse(Item)
    },

    async put(owner, contentHash, upload, previous) {
      const expiresAt = Math.floor(now().getTime() / 1000) + recordSeconds
      const put = new PutCommand({
        TableName: tableName,
        Item: { ...key(owner, contentHash), ...upload, expiresAt },
        ConditionExpression: previous ? 'uploadId = :previous' : 'attribute_not_exists(#record)',
        ...(previous
          ? { ExpressionAttributeValues: { ':previous': previous.uploadId } }
          : { ExpressionAttributeNames: { '#record': 'record' } }),
      })
      return await isMet(client.send(put))
    },

    async remove(owner, contentHash, uploadId) {
      const remove = new DeleteCommand({
        TableName: tableName,
        Key: key(owner, contentHash),
        ConditionExpression: 'uploadId = :uploadId',
        ExpressionAttributeValues: { ':uploadId': uploadId },
      })
      await isMet(client.send(remove))
    },
  }
}

/** False for a write whose condition did not hold. */
async function isMet(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false
    throw error
  }
}
