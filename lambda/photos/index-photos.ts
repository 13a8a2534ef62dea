import { setTimeout as delay } from 'node:timers/promises'
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type BatchWriteCommandOutput,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import pLimit from 'p-limit'
import * as z from 'zod'
import type { ContentHash } from '../../contract/content-hash.ts'
import type { Owner } from '../../contract/owner.ts'
import { type GoneLocation, type Location, maximumBatchSize } from '../../contract/photos.ts'
import { unlessRefused } from '../aws/conditional-write.ts'
import { recordKeys } from '../aws/index-table.ts'
import {
  type LocationRecord,
  locationKey,
  locationRecord,
  locationRecordSchema,
  type PhotoRecord,
  photoRecordSchema,
  recordSchemaVersion,
} from './photo-record.ts'

/** Rejections are kept until the client has surely asked for them. */
const rejectionSeconds = 24 * 60 * 60

const rejectionSchema = z.object({ record: z.string(), reason: z.string(), expiresAt: z.int() })

/** A photo and a place where it was found. */
export interface FoundPhoto {
  readonly record: PhotoRecord
  readonly location: Location
}

/** A location at which a photo is no longer. */
export interface LostPhoto {
  readonly contentHash: ContentHash
  readonly location: Omit<GoneLocation, 'replacedBy'>
  /** Whether a later version of the photo lies there now. */
  readonly replaced: boolean
}

/** The index of photos, by content hash. Every write is one item and may be repeated. */
export interface PhotoIndex {
  /**
   * Last step of processing. A record of this or a later schema version stays, unless its original lies elsewhere now; one of
   * a photo in the trash always stays.
   */
  put(record: PhotoRecord): Promise<void>
  /** Changes what is known of a photo. False where it is another version by now, or gone: read it again. */
  replace(record: PhotoRecord): Promise<boolean>
  /** Those of at most {@link maximumBatchSize} photos that are indexed. */
  find(owner: Owner, contentHashes: readonly ContentHash[]): Promise<ReadonlyMap<ContentHash, PhotoRecord>>
  /** As many as there are; each may be among them more than once. */
  putLocations(found: readonly FoundPhoto[]): Promise<void>
  /** At most {@link maximumBatchSize}. Those that are no locations of theirs are passed over. */
  markGone(owner: Owner, lost: readonly LostPhoto[]): Promise<void>
  /** The first {@link maximumBatchSize} locations of a photo. */
  findLocations(owner: Owner, contentHash: ContentHash): Promise<readonly LocationRecord[]>
  /** Remembers that the uploaded bytes were not what the content hash promised. */
  reject(owner: Owner, contentHash: ContentHash, reason: string): Promise<void>
  findRejection(owner: Owner, contentHash: ContentHash): Promise<string | undefined>
}

export function openPhotoIndex(client: DynamoDBDocumentClient, tableName: string, now: () => Date): PhotoIndex {
  const seconds = () => Math.floor(now().getTime() / 1000)

  return {
    async put(record) {
      const put = new PutCommand({
        TableName: tableName,
        Item: record,
        ConditionExpression:
          'attribute_not_exists(trashedAt) AND (attribute_not_exists(#record) OR schemaVersion < :version OR originalKey <> :originalKey)',
        ExpressionAttributeNames: { '#record': 'record' },
        ExpressionAttributeValues: { ':version': recordSchemaVersion, ':originalKey': record.originalKey },
      })
      await unlessRefused(client.send(put))
    },

    async replace(record) {
      const put = new PutCommand({
        TableName: tableName,
        Item: record,
        ConditionExpression: 'schemaVersion = :version AND originalKey = :originalKey',
        ExpressionAttributeValues: { ':version': record.schemaVersion, ':originalKey': record.originalKey },
      })
      return (await unlessRefused(client.send(put))) !== undefined
    },

    async find(owner, contentHashes) {
      const items = await getItems(client, tableName, owner, contentHashes.map(recordKeys.photo))
      const records = items.map((item) => photoRecordSchema.parse(item))
      return new Map(records.map((record) => [record.photo.contentHash, record]))
    },

    async putLocations(found) {
      const seenAt = now().toISOString()
      const items = found.map(({ record, location }) => locationRecord(record, { ...location, seenAt }))
      await putItems(client, tableName, [...new Map(items.map((item) => [item.record, item])).values()])
    },

    async markGone(owner, lost) {
      const at = now().toISOString()
      const byKey = new Map(lost.map((one) => [locationKey(one.contentHash, one.location), one]))
      const records = await getItems(client, tableName, owner, [...byKey.keys()])
      const items = records.map((item) => {
        const known = locationRecordSchema.parse(item)
        const replaced = byKey.get(known.record)?.replaced ?? false
        return { ...known, location: { ...known.location, gone: { at, replaced } } }
      })
      await putItems(client, tableName, items)
    },

    async findLocations(owner, contentHash) {
      const query = new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: '#owner = :owner AND begins_with(#record, :prefix)',
        ExpressionAttributeNames: { '#owner': 'owner', '#record': 'record' },
        ExpressionAttributeValues: { ':owner': owner, ':prefix': recordKeys.locationsOf(contentHash) },
        Limit: maximumBatchSize,
      })
      const { Items = [] } = await client.send(query)
      return Items.map((item) => locationRecordSchema.parse(item))
    },

    async reject(owner, contentHash, reason) {
      const item = { owner, record: recordKeys.rejection(contentHash), reason, expiresAt: seconds() + rejectionSeconds }
      await client.send(new PutCommand({ TableName: tableName, Item: item }))
    },

    async findRejection(owner, contentHash) {
      const [item] = await getItems(client, tableName, owner, [recordKeys.rejection(contentHash)])
      if (item === undefined) return undefined
      const rejection = rejectionSchema.parse(item)
      // Deletion by TTL may lag by days.
      return rejection.expiresAt > seconds() ? rejection.reason : undefined
    },
  }
}

/** BatchGetItem, strongly consistent, repeated for the keys that DynamoDB left for later. */
async function getItems(
  client: DynamoDBDocumentClient,
  tableName: string,
  owner: Owner,
  records: readonly string[],
): Promise<readonly unknown[]> {
  const items: unknown[] = []
  let keys: Record<string, unknown>[] = [...new Set(records)].map((record) => ({ owner, record }))
  for (let round = 0; keys.length > 0; round++) {
    if (round > 0) await delay(pauseMs(round))
    const request = { [tableName]: { Keys: keys, ConsistentRead: true } }
    const answer = await client.send(new BatchGetCommand({ RequestItems: request }))
    items.push(...(answer.Responses?.[tableName] ?? []))
    keys = answer.UnprocessedKeys?.[tableName]?.Keys ?? []
  }
  return items
}

/** Source: Amazon DynamoDB API Reference, BatchWriteItem: at most 25 items, no two with the same key. */
const itemsInBatchWrite = 25
/** A confirmation may bring ten thousand locations. */
const batchWritesAtOnce = 8

async function putItems(client: DynamoDBDocumentClient, tableName: string, items: readonly LocationRecord[]): Promise<void> {
  const limit = pLimit(batchWritesAtOnce)
  const starts = Array.from({ length: Math.ceil(items.length / itemsInBatchWrite) }, (_, index) => index * itemsInBatchWrite)
  await limit.map(starts, (start) => putBatch(client, tableName, items.slice(start, start + itemsInBatchWrite)))
}

/** Repeated for the items that DynamoDB left for later. */
async function putBatch(client: DynamoDBDocumentClient, tableName: string, items: readonly LocationRecord[]): Promise<void> {
  let requests: BatchWriteCommandInput['RequestItems'] = {
    [tableName]: items.map((item) => ({ PutRequest: { Item: item } })),
  }
  for (let round = 0; requests && Object.keys(requests).length > 0; round++) {
    if (round > 0) await delay(pauseMs(round))
    const answer: BatchWriteCommandOutput = await client.send(new BatchWriteCommand({ RequestItems: requests }))
    requests = answer.UnprocessedItems
  }
}

/** With full jitter, at most a second. */
function pauseMs(round: number): number {
  return Math.min(1000, 25 * 2 ** round) * Math.random()
}
