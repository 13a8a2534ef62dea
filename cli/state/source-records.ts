import { crc32 } from 'node:zlib'
import type { ClassicLevel } from 'classic-level'
import * as z from 'zod'
import type { Attempt } from './registrations.ts'

const sourceRecordSchema = z.object({
  /** How many files it had, whether or not they were wanted. */
  files: z.int().nonnegative(),
  /** Of these: photos and videos. Absent in what an earlier release wrote. */
  media: z.int().nonnegative().optional(),
  /** There were more: only some of it was looked at. */
  isPart: z.boolean().optional(),
  /** Where other file systems begin that files of it lay on. */
  mountsBelow: z.array(z.string().min(1)).optional(),
  /** Where the file system begins that it lay on; one character (U+0000 to U+00FF) a byte. */
  mountPoint: z.string().min(1),
  /** It was empty when nothing was remembered of it, though it may have been backed up before. */
  isDoubted: z.boolean().optional(),
  /** In milliseconds since 1970. */
  seenAtMs: z.number(),
})

/** What a folder that was named to be backed up was like when it was last scanned to its end. */
export type SourceRecord = z.infer<typeof sourceRecordSchema>

/** The sources of before, by their absolute paths. What is lost costs a warning, and nothing else. */
export interface SourceRecords {
  find(path: string): Promise<SourceRecord | undefined>
  put(path: string, record: SourceRecord): Promise<void>
  /** All of them; a person has a few. */
  paths(): Promise<readonly string[]>
}

/** Before every path, which begins with a slash, and unlike the prefix of the registrations. */
const prefix = '\u0002'

export function openSourceRecords(database: ClassicLevel<string, Buffer>, attempt: Attempt): SourceRecords {
  return {
    find: (path) =>
      attempt(async () => {
        const bytes = await database.get(`${prefix}${path}`)
        return bytes && decode(bytes)
      }, undefined),
    paths: () =>
      attempt(async () => {
        const keys = await database.keys({ gte: prefix, lt: `${prefix}\uffff` }).all()
        return keys.map((key) => key.slice(prefix.length))
      }, []),
    put: (path, record) => attempt(() => database.put(`${prefix}${path}`, encode(record)), undefined),
  }
}

// CRC-32 of the rest, little-endian, and JSON.
const crcBytes = 4

function encode(record: SourceRecord): Buffer {
  const json = Buffer.from(JSON.stringify(record))
  const bytes = Buffer.alloc(crcBytes + json.length)
  bytes.writeUInt32LE(crc32(json))
  json.copy(bytes, crcBytes)
  return bytes
}

function decode(bytes: Buffer): SourceRecord | undefined {
  const json = bytes.subarray(crcBytes)
  if (bytes.length < crcBytes || bytes.readUInt32LE() !== crc32(json)) return undefined
  return sourceRecordSchema.safeParse(JSON.parse(json.toString())).data
}
