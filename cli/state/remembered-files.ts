import type { ClassicLevel } from 'classic-level'
import { encodeFileRecord, type FileRecord, findFileRecord } from './file-record.ts'
import { digestsKeyOf } from './folder-digests.ts'
import { knownFolderKeyOf, knownFolderValueOf, type RecordKey } from './known-folders.ts'
import type { Attempt } from './registrations.ts'

export interface RememberedFile extends RecordKey {
  readonly record: FileRecord
}

/** A record for each file that this machine has hashed, or the remote has confirmed. */
export interface RememberedFiles {
  /** What is remembered of one folder's files from the first name to the last, both included, in byte order; by name, and at most so many. */
  findRecords(folder: string, firstName: string, lastName: string, most?: number): Promise<ReadonlyMap<string, FileRecord>>
  /** What is durable outlives a power failure; what is not outlives the process only. */
  remember(files: readonly RememberedFile[], options: { readonly durable: boolean }): Promise<void>
  /** Their content hashes are not to be trusted. */
  forget(files: readonly RecordKey[]): Promise<void>
}

type Database = ClassicLevel<string, Buffer>

const readAheadBytes = 1 << 20
const recordsAtOnce = 1000

export function openRememberedFiles(database: Database, attempt: Attempt): RememberedFiles {
  return {
    findRecords: (folder, firstName, lastName, most) =>
      attempt(() => readRange(database, folder, firstName, lastName, most), new Map<string, FileRecord>()),
    async remember(files, { durable }) {
      if (files.length === 0) return
      const puts = files.map((file) => ({
        type: 'put' as const,
        key: keyOf(file.folder, file.name),
        value: encodeFileRecord(file.record),
      }))
      const changes = [...puts, ...knownFoldersOf(files), ...withoutDigests(files)]
      await attempt(() => database.batch(changes, { sync: durable }), undefined)
    },
    async forget(files) {
      if (files.length === 0) return
      const removals = files.map(({ folder, name }) => ({ type: 'del' as const, key: keyOf(folder, name) }))
      await attempt(() => database.batch([...removals, ...withoutDigests(files)]), undefined)
    },
  }
}

// A path cannot hold NUL, so that one folder's files lie side by side and no other's among them. LevelDB orders keys by
// their UTF-8, which is the order of the characters and so of the bytes that these stand for.
function keyOf(folder: string, name: string): string {
  return `${folder}\0${name}`
}

/** Each folder with the last one of its names. */
function knownFoldersOf(files: readonly RecordKey[]) {
  const names = new Map(files.map(({ folder, name }) => [folder, name]))
  return [...names].map(([folder, name]) => ({
    type: 'put' as const,
    key: knownFolderKeyOf(folder),
    value: knownFolderValueOf(name),
  }))
}

/** Of the folders in which something is about to change. */
function withoutDigests(files: readonly RecordKey[]) {
  const folders = new Set(files.map(({ folder }) => folder))
  return [...folders].map((folder) => ({ type: 'del' as const, key: digestsKeyOf(folder) }))
}

async function readRange(
  database: Database,
  folder: string,
  firstName: string,
  lastName: string,
  most = -1,
): Promise<Map<string, FileRecord>> {
  const records = new Map<string, FileRecord>()
  const nameOffset = folder.length + 1
  const iterator = database.iterator({
    gte: keyOf(folder, firstName),
    lte: keyOf(folder, lastName),
    highWaterMarkBytes: readAheadBytes,
    limit: most,
  })
  try {
    for (;;) {
      const entries = await iterator.nextv(recordsAtOnce)
      if (entries.length === 0) return records
      for (const [key, value] of entries) {
        const record = findFileRecord(value)
        if (record) records.set(key.slice(nameOffset), record)
      }
    }
  } finally {
    await iterator.close()
  }
}
