import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isMissing, moveDurably, writeDurableFile } from './durable-file.ts'
import { KeyLock } from './key-lock.ts'
import { keyPath, type Slot } from './key-path.ts'
import {
  deleteRecord,
  findRecord,
  type ObjectRecord,
  objectRecordSchema,
  putRecord,
  type RecordChange,
  type RecordDatabase,
  recordName,
  records,
  unsettledRecordSchema,
} from './records.ts'
import { S3Error } from './s3-error.ts'

export interface NewObject {
  readonly bucket: string
  readonly key: string
  /** A durable file in the temporary folder; it is moved away. */
  readonly temporaryPath: string
  readonly record: Omit<ObjectRecord, 'slot'>
  /** Refuse when the key is taken: `If-None-Match: *`. */
  readonly onlyIfAbsent: boolean
  /** Other records that change in the same instant. */
  readonly changes?: readonly RecordChange[]
}

/**
 * Objects as plain files, each with a record in the database. A key has two places for its file (slots): a new version
 * goes to the free one, and the write of the record is the instant at which it replaces the old one. A process that is
 * killed leaves either version whole, and a note (`unsettled`) of what the next start must sweep.
 */
export class ObjectStore {
  readonly #database: RecordDatabase
  readonly #temporaryFolder: string
  readonly #bucketFolders: ReadonlyMap<string, string>
  readonly #locks = new KeyLock()

  constructor(database: RecordDatabase, temporaryFolder: string, bucketFolders: ReadonlyMap<string, string>) {
    this.#database = database
    this.#temporaryFolder = temporaryFolder
    this.#bucketFolders = bucketFolders
  }

  /** Hands `use` the path of a durable file that `write` has filled; whatever is left of it is removed afterwards. */
  async withTemporaryFile<W, T>(
    write: (handle: FileHandle) => Promise<W>,
    use: (path: string, written: W) => Promise<T>,
  ): Promise<T> {
    const path = join(this.#temporaryFolder, randomUUID())
    try {
      return await use(path, await writeDurableFile(path, write))
    } finally {
      await rm(path, { force: true })
    }
  }

  /** The record of an object that is there; one whose file a person has removed is not. */
  async find(bucket: string, key: string): Promise<ObjectRecord | undefined> {
    const record = await this.#findRecord(bucket, key)
    if (record === undefined) return undefined
    return (await exists(this.#path(bucket, key, record.slot))) ? record : await this.#findAgain(bucket, key, record)
  }

  /**
   * An object opened for reading: replacing or deleting it afterwards does not disturb the reader, who closes the handle. Throws
   * S3Error IncompleteObject where the file has another length than was written.
   */
  async open(bucket: string, key: string): Promise<{ readonly record: ObjectRecord; readonly handle: FileHandle } | undefined> {
    const record = await this.find(bucket, key)
    if (record === undefined) return undefined
    const handle = await openUnlessMissing(this.#path(bucket, key, record.slot))
    if (handle !== undefined && (await handle.stat()).size === record.sizeBytes) return { record, handle }
    await handle?.close()
    const isReplaced = handle === undefined || !isDeepStrictEqual(await this.#findRecord(bucket, key), record)
    if (isReplaced) return await this.open(bucket, key)
    throw new S3Error('IncompleteObject', 'The file of this object has another length than was written.')
  }

  /** Whether there is something under the key that must not be replaced: a file of another length than was written is not. */
  async isTaken(bucket: string, key: string): Promise<boolean> {
    try {
      const object = await this.open(bucket, key)
      await object?.handle.close()
      return object !== undefined
    } catch (error) {
      if (error instanceof S3Error && error.code === 'IncompleteObject') return false
      throw error
    }
  }

  /** Makes the object visible. Throws S3Error PreconditionFailed. */
  async commit(object: NewObject): Promise<void> {
    const { bucket, key } = object
    await this.#locks.run(`${bucket}/${key}`, async () => {
      // A version whose file somebody took away has nothing to protect: its place is free.
      const replaced = await this.find(bucket, key)
      if (object.onlyIfAbsent && (await this.isTaken(bucket, key))) throw preconditionFailed()
      const slot: Slot = replaced?.slot === 0 ? 1 : 0
      const unsettled = recordName.unsettled(bucket, key)
      await this.#database.batch([putRecord(unsettled, { bucket, key })])
      await moveDurably(object.temporaryPath, this.#path(bucket, key, slot))
      const settled = replaced === undefined ? [deleteRecord(unsettled)] : []
      const changes = [
        putRecord(recordName.object(bucket, key), { ...object.record, slot }),
        ...settled,
        ...(object.changes ?? []),
      ]
      await this.#database.batch(changes, { sync: true })
      if (replaced !== undefined) await this.#sweep(bucket, key)
    })
  }

  /**
   * Changes what is kept beside an object's bytes, durably, and resolves with what it was before; undefined where there is no
   * object. Nothing changes where `change` throws.
   */
  async update(bucket: string, key: string, change: (record: ObjectRecord) => ObjectRecord): Promise<ObjectRecord | undefined> {
    return await this.#locks.run(`${bucket}/${key}`, async () => {
      const before = await this.find(bucket, key)
      if (before === undefined) return undefined
      await this.#database.batch([putRecord(recordName.object(bucket, key), change(before))], { sync: true })
      return before
    })
  }

  /** Deleting what is not there is fine, as in S3. */
  async remove(bucket: string, key: string): Promise<void> {
    await this.#locks.run(`${bucket}/${key}`, async () => {
      if ((await this.#findRecord(bucket, key)) === undefined) return
      const changes = [
        deleteRecord(recordName.object(bucket, key)),
        putRecord(recordName.unsettled(bucket, key), { bucket, key }),
      ]
      await this.#database.batch(changes, { sync: true })
      await this.#sweep(bucket, key)
    })
  }

  /** Removes what a killed process left behind. Only before the first request. */
  async sweepLeftovers(): Promise<void> {
    for await (const { record } of records(this.#database, 'unsettled/', unsettledRecordSchema)) {
      if (this.#bucketFolders.has(record.bucket)) await this.#sweep(record.bucket, record.key)
    }
  }

  async #sweep(bucket: string, key: string): Promise<void> {
    const current = (await this.#findRecord(bucket, key))?.slot
    for (const slot of [0, 1] as const) {
      if (slot !== current) await rm(this.#path(bucket, key, slot), { force: true })
    }
    await this.#database.del(recordName.unsettled(bucket, key))
  }

  async #findRecord(bucket: string, key: string): Promise<ObjectRecord | undefined> {
    return await findRecord(this.#database, recordName.object(bucket, key), objectRecordSchema)
  }

  /** Its file is gone: either a new version came in between, or somebody took the file away. */
  async #findAgain(bucket: string, key: string, seen: ObjectRecord): Promise<ObjectRecord | undefined> {
    const record = await this.#findRecord(bucket, key)
    return record === undefined || record.slot === seen.slot ? undefined : await this.find(bucket, key)
  }

  #path(bucket: string, key: string, slot: Slot): string {
    const folder = this.#bucketFolders.get(bucket)
    if (folder === undefined) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist')
    return join(folder, keyPath(key, slot))
  }
}

export function preconditionFailed(): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
}

async function openUnlessMissing(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
