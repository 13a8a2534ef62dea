import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import type { Owner } from '../../contract/owner.ts'
import type { ListPhotosQuery, ListPhotosResponse, UsageQuery, UsageResponse } from '../../contract/photos.ts'
import { captureTimeIndexName, recordKeys, trashPrefix, undatedPrefix } from '../aws/index-table.ts'
import { listEntryOf, listedRecordSchema, photoRecordSchema } from './photo-record.ts'

/** Entries of one page: about 250 kB of JSON, well under API Gateway's 10 MB and Lambda's 6 MB. */
const listPageSize = 500

/** In the trash each photo is looked up for its locations. */
const trashPageSize = 25

/** Records counted at once for the usage totals. DynamoDB itself ends a page at 1 MB. */
const usagePageSize = 5000

/** Where a page ended. The owner is never part of it: that comes from the token alone. */
const usageCursorSchema = z.object({ record: z.string().max(256) })
const listCursorSchema = usageCursorSchema.extend({ captureSort: z.string().max(256) })
type Cursor = z.infer<typeof usageCursorSchema | typeof listCursorSchema>

/** A cursor that we did not write: the caller's mistake. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError'
}

export interface PhotoList {
  /** One page of photos by capture time, each followed by its locations; of those in the trash without them. */
  page(owner: Owner, query: ListPhotosQuery): Promise<ListPhotosResponse>
  /** One page of the totals. */
  usage(owner: Owner, query: UsageQuery): Promise<UsageResponse>
}

export function openPhotoList(client: DynamoDBDocumentClient, tableName: string): PhotoList {
  return {
    async page(owner, query) {
      const [first, last] = rangeOf(query)
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: captureTimeIndexName,
          KeyConditionExpression: '#owner = :owner AND captureSort BETWEEN :first AND :last',
          ExpressionAttributeNames: { '#owner': 'owner' },
          ExpressionAttributeValues: { ':owner': owner, ':first': first, ':last': last },
          ExclusiveStartKey: startKey(owner, query.cursor, listCursorSchema),
          Limit: query.trashed ? trashPageSize : listPageSize,
        }),
      )
      const entries = Items.map((item) => listEntryOf(listedRecordSchema.parse(item)))
      return { entries, ...nextCursor(LastEvaluatedKey, listCursorSchema) }
    },

    async usage(owner, { cursor, trashed }) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: '#owner = :owner AND begins_with(#record, :photos)',
          FilterExpression: `${trashed ? 'attribute_exists' : 'attribute_not_exists'}(trashedAt)`,
          ExpressionAttributeNames: { '#owner': 'owner', '#record': 'record' },
          ExpressionAttributeValues: { ':owner': owner, ':photos': recordKeys.everyPhoto },
          ExclusiveStartKey: startKey(owner, cursor, usageCursorSchema),
          Limit: usagePageSize,
        }),
      )
      const photos = Items.map((item) => photoRecordSchema.parse(item).photo)
      return {
        photos: photos.length,
        originalBytes: sum(photos.map((photo) => photo.sizeBytes)),
        renditionBytes: sum(photos.flatMap((photo) => photo.renditions.map((rendition) => rendition.sizeBytes))),
        ...nextCursor(LastEvaluatedKey, usageCursorSchema),
      }
    },
  }
}

/** First and last sort key. A bound is always shorter than the keys of its second, so `before` excludes them. */
function rangeOf(query: ListPhotosQuery): readonly [string, string] {
  const afterEverything = `${undatedPrefix}~`
  if (query.trashed !== undefined) return [trashPrefix, `${trashPrefix}~`]
  if (query.undated !== undefined) return [undatedPrefix, afterEverything]
  const dated = query.from !== undefined || query.before !== undefined
  return [query.from ?? '0', query.before ?? (dated ? undatedPrefix : afterEverything)]
}

function startKey(owner: Owner, cursor: string | undefined, schema: z.ZodType<Cursor>): Record<string, string> | undefined {
  if (cursor === undefined) return undefined
  try {
    return { ...schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))), owner }
  } catch (cause) {
    throw new InvalidCursorError('the cursor is not one that this API gave', { cause })
  }
}

function nextCursor(lastKey: Record<string, unknown> | undefined, schema: z.ZodType<Cursor>): { readonly cursor?: string } {
  if (lastKey === undefined) return {}
  return { cursor: Buffer.from(JSON.stringify(schema.parse(lastKey))).toString('base64url') }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
