import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolderDurably, syncFolder, writeDurableFile } from './durable-file.ts'
import { KeyLock } from './key-lock.ts'
import {
  completionRecordSchema,
  deleteRecord,
  findRecord,
  type PartRecord,
  partRecordSchema,
  putRecord,
  type RecordChange,
  type RecordDatabase,
  recordName,
  records,
  type UploadRecord,
  uploadRecordSchema,
} from './records.ts'
import { S3Error } from './s3-error.ts'

/** How long the answer to a completed upload can be asked for again. */
const completionAgeMs = 7 * 24 * 60 * 60 * 1000

/** Uploads that are not complete yet: a folder each, a file a part. They outlive the process until completed or aborted. */
export class MultipartStore {
  readonly #database: RecordDatabase
  readonly #folder: string
  /** Held while an upload's parts are read as a whole or one of them changes. */
  readonly locks = new KeyLock()

  constructor(database: RecordDatabase, folder: string) {
    this.#database = database
    this.#folder = folder
  }

  async create(upload: UploadRecord): Promise<string> {
    const uploadId = randomUUID()
    await makeFolderDurably(join(this.#folder, uploadId))
    await this.#database.batch([putRecord(recordName.upload(uploadId), upload)], { sync: true })
    return uploadId
  }

  /** Throws S3Error NoSuchUpload, also for an upload to another key. */
  async get(uploadId: string, bucket: string, key: string): Promise<UploadRecord> {
    const upload = await findRecord(this.#database, recordName.upload(uploadId), uploadRecordSchema)
    if (upload?.bucket === bucket && upload.key === key) return upload
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist. It may have been aborted or completed.')
  }

  /** Keeps a part once `write` has filled its file; it then replaces the one that had its number. */
  async putPart(
    uploadId: string,
    partNumber: number,
    write: (handle: FileHandle) => Promise<Omit<PartRecord, 'partNumber' | 'fileName'>>,
  ): Promise<PartRecord> {
    const fileName = `${String(partNumber).padStart(5, '0')}-${randomUUID()}`
    const path = this.#partPath(uploadId, fileName)
    try {
      const part = { ...(await writeDurableFile(path, write)), partNumber, fileName }
      await syncFolder(join(this.#folder, uploadId))
      await this.locks.run(uploadId, () => this.#replacePart(uploadId, part))
      return part
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }

  async #replacePart(uploadId: string, part: PartRecord): Promise<void> {
    if ((await this.#database.get(recordName.upload(uploadId))) === undefined) {
      throw new S3Error('NoSuchUpload', 'The specified upload does not exist. It may have been aborted or completed.')
    }
    const name = recordName.part(uploadId, part.partNumber)
    const replaced = await findRecord(this.#database, name, partRecordSchema)
    await this.#database.batch([putRecord(name, part)], { sync: true })
    if (replaced !== undefined) await rm(this.#partPath(uploadId, replaced.fileName), { force: true })
  }

  /** In the order of their numbers. */
  async parts(uploadId: string): Promise<readonly PartRecord[]> {
    const parts: PartRecord[] = []
    for await (const { record } of records(this.#database, `part/${uploadId}/`, partRecordSchema)) parts.push(record)
    return parts
  }

  async openPart(uploadId: string, part: PartRecord): Promise<FileHandle> {
    return await open(this.#partPath(uploadId, part.fileName), 'r')
  }

  /** The changes that end an upload; `etag` tells of what it became. */
  async completion(uploadId: string, upload: UploadRecord, etag: string, now: Date): Promise<readonly RecordChange[]> {
    const { bucket, key } = upload
    return [
      ...(await this.#forgetting(uploadId)),
      putRecord(recordName.completion(uploadId), { bucket, key, etag, completedAt: now.toISOString() }),
    ]
  }

  /** The ETag that an upload of before was completed with. */
  async findCompleted(uploadId: string, bucket: string, key: string): Promise<string | undefined> {
    const completion = await findRecord(this.#database, recordName.completion(uploadId), completionRecordSchema)
    return completion?.bucket === bucket && completion.key === key ? completion.etag : undefined
  }

  async abort(uploadId: string): Promise<void> {
    await this.locks.run(uploadId, async () => this.#database.batch([...(await this.#forgetting(uploadId))], { sync: true }))
    await this.removeFiles(uploadId)
  }

  /** Ends uploads to a bucket that were begun before a moment, as a lifecycle rule does. */
  async abortBegunBefore(bucket: string, moment: Date): Promise<void> {
    for await (const { name, record } of records(this.#database, 'upload/', uploadRecordSchema)) {
      const isOld = Date.parse(record.initiated) < moment.getTime()
      if (record.bucket === bucket && isOld) await this.abort(name.slice('upload/'.length))
    }
  }

  /** To be called when no record names them any more. */
  async removeFiles(uploadId: string): Promise<void> {
    await rm(join(this.#folder, uploadId), { recursive: true, force: true })
  }

  /** Removes what a killed process left behind, and what is remembered of completed uploads too long ago. */
  async sweepLeftovers(now: Date): Promise<void> {
    for (const uploadId of await readdir(this.#folder)) {
      const isKnown = (await this.#database.get(recordName.upload(uploadId))) !== undefined
      if (!isKnown) await this.removeFiles(uploadId)
      else await this.#sweepParts(uploadId)
    }
    for await (const { name, record } of records(this.#database, 'completion/', completionRecordSchema)) {
      if (now.getTime() - Date.parse(record.completedAt) > completionAgeMs) await this.#database.del(name)
    }
  }

  async #sweepParts(uploadId: string): Promise<void> {
    const known = new Set((await this.parts(uploadId)).map((part) => part.fileName))
    for (const fileName of await readdir(join(this.#folder, uploadId))) {
      if (!known.has(fileName)) await rm(this.#partPath(uploadId, fileName), { force: true })
    }
  }

  async #forgetting(uploadId: string): Promise<readonly RecordChange[]> {
    const parts = await this.parts(uploadId)
    const names = [recordName.upload(uploadId), ...parts.map((part) => recordName.part(uploadId, part.partNumber))]
    return names.map(deleteRecord)
  }

  #partPath(uploadId: string, fileName: string): string {
    return join(this.#folder, uploadId, fileName)
  }
}
