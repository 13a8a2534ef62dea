import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { z } from 'zod'
import { type ContentHash, contentHashSchema } from '../../contract/content-hash.ts'
import type { Owner } from '../../contract/owner.ts'
import { type ProbesResponse, probeStateSchema } from '../../contract/probes.ts'
import { recordKeys } from '../aws/index-table.ts'

/** As long as the bucket keeps what nobody removed. */
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

/**
 * The probes of `photos doctor` in the index table. The API writes that one has begun, the processing what became of it: an
 * item each, so that neither needs the right to change what the other wrote. Without a sort key of the list no list shows them.
 */
export interface ProbeRecords {
  begin(owner: Owner, contentHash: ContentHash, device: string): Promise<void>
  putOutcome(owner: Owner, contentHash: ContentHash, outcome: ProbeOutcome): Promise<void>
  findOutcome(owner: Owner, contentHash: ContentHash): Promise<ProbeOutcome | undefined>
  /** Those that were not removed, but for what is beyond the first page of the table. */
  list(owner: Owner): Promise<ProbesResponse['probes']>
  remove(owner: Owner, contentHash: ContentHash): Promise<void>
}

export function openProbeRecords(client: DynamoDBDocumentClient, tableName: string, now: () => Date): ProbeRecords {
  const put = async (owner: Owner, record: string, item: ProbeRecord): Promise<void> => {
    const expiresAt = Math.floor(now().getTime() / 1000) + recordSeconds
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
      const probes = new Map<ContentHash, ProbesResponse['probes'][number]>()
      // One that was removed while it was processed has an outcome only; what has begun sorts before its outcome.
      for (const record of await query(owner, recordKeys.everyProbe)) {
        const { contentHash, at: begunAt } = record
        const device = record.part === 'begun' ? record.device : 'unknown'
        if (!probes.has(contentHash)) probes.set(contentHash, { contentHash, device, begunAt })
      }
      return [...probes.values()]
    },

    async remove(owner, contentHash) {
      for (const record of [recordKeys.probeOutcome(contentHash), recordKeys.probe(contentHash)]) {
        await client.send(new DeleteCommand({ TableName: tableName, Key: { owner, record } }))
      }
    },
  }
}
