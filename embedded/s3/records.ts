import { ClassicLevel } from 'classic-level'
import * as z from 'zod'
import { checksumAlgorithmSchema } from './checksums.ts'

/** What S3 keeps of an object beside its bytes, as the client gave it. */
export const objectHeadersSchema = z.object({
  contentType: z.string(),
  /** By lower-case name: cache-control, content-disposition, content-encoding, content-language, expires. */
  headers: z.record(z.string(), z.string()),
  /** By lower-case name without `x-amz-meta-`. */
  userMetadata: z.record(z.string(), z.string()),
  storageClass: z.string(),
})
export type ObjectHeaders = z.infer<typeof objectHeadersSchema>

export const checksumTypeSchema = z.enum(['COMPOSITE', 'FULL_OBJECT'])
export type ChecksumType = z.infer<typeof checksumTypeSchema>

const checksumSchema = z.object({ algorithm: checksumAlgorithmSchema, value: z.string() })

/** When a thawed copy of an archived object can be read first, and until when. ISO 8601 in UTC. */
export const thawSchema = z.object({ readyAt: z.string(), expiresAt: z.string() })
export type Thaw = z.infer<typeof thawSchema>

export const objectRecordSchema = objectHeadersSchema.extend({
  slot: z.union([z.literal(0), z.literal(1)]),
  sizeBytes: z.int().nonnegative(),
  /** With its quotes. */
  etag: z.string(),
  /** ISO 8601 in UTC, whole seconds. */
  lastModified: z.string(),
  checksum: checksumSchema.extend({ type: checksumTypeSchema }).optional(),
  thaw: thawSchema.optional(),
})
export type ObjectRecord = z.infer<typeof objectRecordSchema>

export const uploadRecordSchema = objectHeadersSchema.extend({
  bucket: z.string(),
  key: z.string(),
  initiated: z.string(),
  checksumAlgorithm: checksumAlgorithmSchema.optional(),
  checksumType: checksumTypeSchema,
})
export type UploadRecord = z.infer<typeof uploadRecordSchema>

export const partRecordSchema = z.object({
  partNumber: z.int(),
  /** Name of its file in the upload's folder. */
  fileName: z.string(),
  sizeBytes: z.int(),
  etag: z.string(),
  lastModified: z.string(),
  checksum: checksumSchema.optional(),
})
export type PartRecord = z.infer<typeof partRecordSchema>

/** That an upload was completed, so that a client that never got the answer may ask again. */
export const completionRecordSchema = z.object({ bucket: z.string(), key: z.string(), etag: z.string(), completedAt: z.string() })

/** A key whose files are not all accounted for: whatever is not its current slot is swept at the next start. */
export const unsettledRecordSchema = z.object({ bucket: z.string(), key: z.string() })

/** Names of records. LevelDB orders by bytes of UTF-8, as S3 orders keys; no bucket's name has a slash. */
export const recordName = {
  object: (bucket: string, key: string) => `object/${bucket}/${key}`,
  unsettled: (bucket: string, key: string) => `unsettled/${bucket}/${key}`,
  upload: (uploadId: string) => `upload/${uploadId}`,
  part: (uploadId: string, partNumber: number) => `part/${uploadId}/${String(partNumber).padStart(5, '0')}`,
  completion: (uploadId: string) => `completion/${uploadId}`,
}

export type RecordDatabase = ClassicLevel<string, string>
export type RecordChange =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string }

export async function openRecords(folder: string): Promise<RecordDatabase> {
  const database = new ClassicLevel<string, string>(folder)
  await database.open()
  return database
}

export function putRecord(name: string, record: object): RecordChange {
  return { type: 'put', key: name, value: JSON.stringify(record) }
}

export function deleteRecord(name: string): RecordChange {
  return { type: 'del', key: name }
}

export async function findRecord<T>(database: RecordDatabase, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await database.get(name)
  return text === undefined ? undefined : schema.parse(JSON.parse(text))
}

/** Every record whose name starts with `prefix`, which ends in a slash, in order. */
export async function* records<T>(
  database: RecordDatabase,
  prefix: string,
  schema: z.ZodType<T>,
): AsyncGenerator<{ readonly name: string; readonly record: T }> {
  // `0` follows `/` in ASCII.
  for await (const [name, text] of database.iterator({ gte: prefix, lt: `${prefix.slice(0, -1)}0` })) {
    yield { name, record: schema.parse(JSON.parse(text)) }
  }
}
