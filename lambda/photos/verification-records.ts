import { BatchGetCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { type ContentHash, contentHashSchema } from '../../contract/content-hash.ts'
import type { Owner } from '../../contract/owner.ts'
import { type VerificationOutcome, verificationOutcomeSchema } from '../../contract/verifications.ts'
import { recordKeys } from '../aws/index-table.ts'

/** As long as the upload bucket keeps a request that nobody has looked at, and so longer than any client waits. */
const recordSeconds = 24 * 60 * 60

const recordSchema = z.object({ contentHash: contentHashSchema, outcome: verificationOutcomeSchema, expiresAt: z.int() })

/** What was found when stored originals were read again, by request. No outcome is ever told for another request. */
export interface VerificationRecords {
  /** May be repeated: what was found last stands. */
  put(owner: Owner, verificationId: string, contentHash: ContentHash, outcome: VerificationOutcome): Promise<void>
  /** Of at most {@link maximumBatchSize} originals those that were read. */
  find(
    owner: Owner,
    verificationId: string,
    contentHashes: readonly ContentHash[],
  ): Promise<ReadonlyMap<ContentHash, VerificationOutcome>>
}

export function openVerificationRecords(client: DynamoDBDocumentClient, tableName: string, now: () => Date): VerificationRecords {
  const seconds = () => Math.floor(now().getTime() / 1000)

  return {
    async put(owner, verificationId, contentHash, outcome) {
      const record = recordKeys.verification(verificationId, contentHash)
      const Item = { owner, record, contentHash, outcome, expiresAt: seconds() + recordSeconds }
      await client.send(new PutCommand({ TableName: tableName, Item }))
    },

    async find(owner, verificationId, contentHashes) {
      const records = [...new Set(contentHashes)].map((contentHash) => recordKeys.verification(verificationId, contentHash))
      const Keys = records.map((record) => ({ owner, record }))
      const { Responses } = await client.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
      )
      // What DynamoDB left for later is asked for again with the client's next question.
      const found = (Responses?.[tableName] ?? []).map((item) => recordSchema.parse(item))
      // Deletion by TTL may lag by days.
      const fresh = found.filter(({ expiresAt }) => expiresAt > seconds())
      return new Map(fresh.map(({ contentHash, outcome }) => [contentHash, outcome]))
    },
  }
}
