import { BatchGetCommand, DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { type ContentHash, contentHashSchema } from '../../contract/content-hash.ts'
import type { Owner } from '../../contract/owner.ts'
import { type ProbesResponse, probeStateSchema } from '../../contract/probes.ts'
import { recordKeys } from '../aws/index-table.ts'

/** As long as the buckets keep what nobody removed, and so longer than an upload that was signed can still come. */
const recordSeconds = 24 * 60 * 60

const [storedSchema, , , rejectedSchema] = probeStateSchema.options
const outcomeSchema = z.discriminatedUnion('kind', [storedSchema, rejectedSchema])
/** What the backend made of a probe. */
export type ProbeOutcome = z.infer<typeof outcomeSchema>

const recordSchema = z.discriminatedUnion('part', [
  z.object({ part: z.literal('begun'), contentHash: contentHashSchema, device: z.string(), at: z.iso.datetime() }),
  z.object({ part: z.literal('outcome'), contentHash: contentHashSchema, outcome: outcomeSchema, at: z.iso.datetime() }),
])
type ProbeRecord = z.infer<typeof recordSchema>

interface RemovedProbe {
  readonly contentHash: ContentHash
}
const removedSchema = z.object({ contentHash: contentHashSchema, expiresAt: z.int() })

/**
 * The probes of `photos doctor` in the index table. The API writes that one has begun, the processing what became of it: an
 * item each, so that neither needs the right to change what the other wrote. Without a sort key of the list no list shows them.
 */
export interface ProbeRecords {
  begin(owner: Owner, contentHash: ContentHash, device: string): Promise<void>
  putOutcome(owner: Owner, contentHash: ContentHash, outcome: ProbeOutcome): Promise<void>
  findOutcome(owner: Owner, contentHash: ContentHash): Promise<ProbeOutcome | undefined>
  /** Those that were not removed, oldest first, but for what is beyond the first page of the table. */
  list(owner: Owner): Promise<ProbesResponse['probes']>
  /** Writes down that nothing shall come of a probe any more, for as long as something may. */
  markRemoved(owner: Owner, contentHash: ContentHash): Promise<void>
  isRemoved(owner: Owner, contentHash: ContentHash): Promise<boolean>
  /** Forgets what was known of it, but for the mark. */
  remove(owner: Owner, contentHash: ContentHash): Promise<void>
}

export function openProbeRecords(client: DynamoDBDocumentClient, tableName: string, now: () => Date): ProbeRecords {
  const seconds = () => Math.floor(now().getTime() / 1000)
  const put = async (owner: Owner, record: string, item: ProbeRecord | RemovedProbe): Promise<void> => {
    const expiresAt = seconds() + recordSeconds
    await client.send(new PutCommand({ TableName: tableName, Item: { owner, record, ...item, expiresAt } }))
  }
  const query = async (owner: Owner, prefix: string): Promise<readonly ProbeRecord[]> => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: '#owner = :owner AND begins_with(#record, :prefix)',
        ExpressionAttributeNames: { '#owner': 'owner', '#record': 'record' },
        ExpressionAttributeValues: { ':owner': owner, ':prefix': prefix },
        ConsistentRead: true,
      }),
    )
    return Items.map((item) => recordSchema.parse(item))
  }
  const at = () => now().toISOString()

  return {
    begin: (owner, contentHash, device) =>
      put(owner, recordKeys.probe(contentHash), { part: 'begun', contentHash, device, at: at() }),

    putOutcome: (owner, contentHash, outcome) =>
      put(owner, recordKeys.probeOutcome(contentHash), { part: 'outcome', contentHash, outcome, at: at() }),

    async findOutcome(owner, contentHash) {
      const records = await query(owner, recordKeys.probe(contentHash))
      return records.find((record) => record.part === 'outcome')?.outcome
    },

    async list(owner) {
      const records = await query(owner, recordKeys.everyProbe)
      // An outcome alone is all that is left of one that was removed while it was written down; it expires.
      const probes = records.flatMap((record) => {
        if (record.part !== 'begun') return []
        return [{ contentHash: record.contentHash, device: record.device, begunAt: record.at }]
      })
      return probes.toSorted((one, other) => Date.parse(one.begunAt) - Date.parse(other.begunAt))
    },

    markRemoved: (owner, contentHash) => put(owner, recordKeys.removedProbe(contentHash), { contentHash }),

    async isRemoved(owner, contentHash) {
      // The function that processes uploads may read in this way only.
      const Keys = [{ owner, record: recordKeys.removedProbe(contentHash) }]
      const answer = await client.send(new BatchGetCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }))
      const [item] = answer.Responses?.[tableName] ?? []
      // What DynamoDB left for later is no answer: whoever asks has to ask again.
      if (item === undefined && Object.keys(answer.UnprocessedKeys ?? {}).length > 0) throw new Error('DynamoDB is busy')
      // Deletion by TTL may lag by days.
      return item !== undefined && removedSchema.parse(item).expiresAt > seconds()
    },

    async remove(owner, contentHash) {
      for (const record of [recordKeys.probeOutcome(contentHash), recordKeys.probe(contentHash)]) {
        await client.send(new DeleteCommand({ TableName: tableName, Key: { owner, record } }))
      }
    },
  }
}
