import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { encodeFileRecord, type FileRecord, findFileRecord } from './file-record.ts'

/** A file by its folder and its name, one character (U+0000 to U+00FF) a byte. */
export interface RecordKey {
  readonly folder: string
  readonly name: string
}

export interface RememberedFile extends RecordKey {
  readonly record: FileRecord
}

/**
 * What this machine remembers of the files that it has hashed and of those that the remote has confirmed. It saves time
 * and nothing else: what is forgotten is hashed and asked for again. A database that is damaged is moved aside, and a
 * note says so; no call here ever fails for it.
 */
export interface LocalState {
  /** What is remembered of one folder's files from the first name to the last, both included, in byte order; by name. */
  findRecords(folder: string, firstName: string, lastName: string): Promise<ReadonlyMap<string, FileRecord>>
  /** What is durable outlives a power failure; what is not outlives the process only. */
  remember(files: readonly RememberedFile[], options: { readonly durable: boolean }): Promise<void>
  /** Their content hashes are not to be trusted. */
  forget(files: readonly RecordKey[]): Promise<void>
  /** What the user should know about the database since last asked. */
  takeNotes(): readonly string[]
  close(): Promise<void>
}

/** Written into the folder's name; a new version starts anew beside the old one. */
const formatVersion = 1

const readAheadBytes = 1 << 20
const recordsAtOnce = 1000

type Database = ClassicLevel<string, Buffer>

/**
 * Opens the state that is kept for one remote under `stateFolder`, and makes it where there is none.
 * Throws a `UserError` with exit code 11 while another process has it open.
 */
export async function openLocalState(stateFolder: string, remoteId: string): Promise<LocalState> {
  const path = join(stateFolder, `${remoteId}-v${formatVersion}`)
  await makeFolder(path, 0o700)
  const notes: string[] = []
  return createLocalState(await openOrReplace(path, notes), path, notes)
}

function createLocalState(database: Database, path: string, notes: string[]): LocalState {
  let isDamaged = false
  const notice = (error: unknown): void => {
    if (!isDamaged) notes.push(`the local state is damaged (${describeDamage(error)}); files will be hashed again`)
    isDamaged = true
  }

  return {
    async findRecords(folder, firstName, lastName) {
      if (isDamaged) return new Map()
      try {
        return await readRange(database, folder, firstName, lastName)
      } catch (error) {
        notice(error)
        return new Map()
      }
    },
    async remember(files, { durable }) {
      if (isDamaged || files.length === 0) return
      const puts = files.map((file) => ({
        type: 'put' as const,
        key: keyOf(file.folder, file.name),
        value: encodeFileRecord(file.record),
      }))
      await database.batch(puts, { sync: durable }).catch(notice)
    },
    async forget(files) {
      if (isDamaged || files.length === 0) return
      await database.batch(files.map(({ folder, name }) => ({ type: 'del' as const, key: keyOf(folder, name) }))).catch(notice)
    },
    takeNotes: () => notes.splice(0),
    async close() {
      await database.close()
      if (isDamaged) await moveAside(path)
    },
  }
}

// A path cannot hold NUL, so that one folder's files lie side by side and no other's among them. LevelDB orders keys by
// their UTF-8, which is the order of the characters and so of the bytes that these stand for.
function keyOf(folder: string, name: string): string {
  return `${folder}\0${name}`
}

async function readRange(
  database: Database,
  folder: string,
  firstName: string,
  lastName: string,
): Promise<Map<string, FileRecord>> {
  const records = new Map<string, FileRecord>()
  const nameOffset = folder.length + 1
  const iterator = database.iterator({
    gte: keyOf(folder, firstName),
    lte: keyOf(folder, lastName),
    highWaterMarkBytes: readAheadBytes,
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

async function openOrReplace(path: string, notes: string[]): Promise<Database> {
  try {
    return await open(path)
  } catch (error) {
    if (isLocked(error)) throw locked(error)
    try {
      const aside = await moveAside(path)
      const database = await open(path)
      notes.push(
        `the local state was damaged (${describeDamage(error)}); it now lies in ${aside}, and files will be hashed again`,
      )
      return database
    } catch (cause) {
      throw new UserError(`the local state in ${path} cannot be opened`, {
        exitCode: exitCodes.remoteUnreachable,
        hint: 'check that you may write to this folder and that its disk is not full',
        cause,
      })
    }
  }
}

async function open(path: string): Promise<Database> {
  const database: Database = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
  await database.open()
  return database
}

/** One damaged database is kept for those who want to know why; an older one makes room for it. */
async function moveAside(path: string): Promise<string> {
  const aside = `${path}-damaged`
  await rm(aside, { recursive: true, force: true })
  await rename(path, aside)
  return aside
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && errorCode(error.cause) === 'LEVEL_LOCKED'
}

function locked(cause: unknown): UserError {
  return new UserError('another run of photos is at work with this library or remote', {
    exitCode: exitCodes.locked,
    hint: 'wait until it has ended, then run the command again',
    cause,
  })
}

/** The code of the system or of LevelDB where there is one, in lower case. */
function describeDamage(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return (errorCode(cause) ?? String(cause)).toLowerCase()
}
