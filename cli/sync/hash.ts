import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { describeTooLarge } from '../../contract/room-for-originals.ts'
import type { Tell } from '../event-stream.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { createSlotPool } from '../remote/slot-pool.ts'
import { isRacy } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import { findFileErrorReason } from './file-error.ts'
import { failed, skipped } from './file-event.ts'
import { findContentType } from './find-content-type.ts'
import { formatModificationTime } from './format-modification-time.ts'
import { openOriginal, requireUnchanged } from './open-original.ts'
import { notMediaReason } from './plan.ts'
import type { FileToHash } from './recall.ts'
import type { ScannedFile } from './scan.ts'
import { takeoutHeadBytes } from './takeout-sidecar.ts'

export interface HashedFile {
  readonly file: ScannedFile
  readonly contentHash: ContentHash
  readonly contentType: string
  /** ISO 8601 in UTC. */
  readonly modificationTime: string
}

export type HashOutcome =
  | { readonly kind: 'hashed'; readonly hashed: HashedFile }
  | { readonly kind: 'not-media' }
  | { readonly kind: 'failed'; readonly reason: string }

export interface HashFileOptions {
  readonly maximumSizeBytes: number
  readonly buffer: Buffer
  readonly signal: AbortSignal
}

export interface HashOptions {
  readonly state: LocalState
  readonly tell: Tell
  readonly maximumSizeBytes: number
  /** Of the whole run. */
  readonly controller: AbortController
}

/** One file is read while another one is hashed. */
const concurrency = 2
const bufferBytes = 2 * 1024 * 1024

/** Passes on the files that are to be backed up, with their content hashes. Reads those whose hash is not remembered. */
export async function* hash(files: AsyncIterable<FileToHash>, options: HashOptions): AsyncGenerator<HashedFile> {
  const { maximumSizeBytes, controller } = options
  const buffers = createSlotPool(concurrency, bufferBytes)
  const hashing = mapConcurrently(
    files,
    concurrency,
    async (item, signal) => {
      const buffer = await buffers.take(signal)
      try {
        return { item, outcome: await hashFile(item, { maximumSizeBytes, buffer, signal }) }
      } finally {
        buffers.giveBack(buffer)
      }
    },
    { controller },
  )
  for await (const { item, outcome } of hashing) {
    await rememberHash(item, outcome, options.state)
    if (outcome.kind === 'hashed') yield outcome.hashed
    else if (outcome.kind === 'failed') await options.tell([failed(item.file, outcome.reason)])
    else await options.tell([skipped(item.file, notMediaReason)])
  }
}

/** Reads a file to its end, unless its hash is known. The file must be the one that was scanned, before and after. */
export async function hashFile(item: FileToHash, options: HashFileOptions): Promise<HashOutcome> {
  let handle: FileHandle | undefined
  try {
    handle = await openOriginal(item.file, 'read')
    return await hashOpenFile(handle, item, options)
  } catch (error) {
    const reason = findFileErrorReason(error)
    if (reason === undefined) throw error
    return { kind: 'failed', reason }
  } finally {
    await handle?.close()
  }
}

async function hashOpenFile(handle: FileHandle, item: FileToHash, options: HashFileOptions): Promise<HashOutcome> {
  const { file, knownHash } = item
  const { buffer } = options
  const { bytesRead } = await handle.read(buffer, 0, knownHash ? Math.min(takeoutHeadBytes, buffer.length) : buffer.length, 0)
  const contentType = findContentType(file.name, buffer.subarray(0, bytesRead))
  if (contentType === undefined) return { kind: 'not-media' }
  const { sizeBytes } = file.fingerprint
  if (sizeBytes > options.maximumSizeBytes)
    return { kind: 'failed', reason: describeTooLarge(sizeBytes, options.maximumSizeBytes) }
  const contentHash = knownHash ?? (await hashBytes(handle, { ...options, headBytes: bytesRead, sizeBytes }))
  const { mtimeNs } = await handle.stat({ bigint: true })
  await requireUnchanged(handle, file, 'read')
  return { kind: 'hashed', hashed: { file, contentHash, contentType, modificationTime: formatModificationTime(mtimeNs) } }
}

export interface HashBytesOptions {
  readonly buffer: Buffer
  /** So many bytes from the start of the file are in the buffer already. */
  readonly headBytes?: number
  /** What comes after so many is not read: only for a file that is known afterwards to be no longer. */
  readonly sizeBytes?: number
  readonly signal: AbortSignal
}

/** SHA-256 of an open file from its start to its end. */
export async function hashBytes(handle: FileHandle, options: HashBytesOptions): Promise<ContentHash> {
  const { buffer, headBytes = 0, sizeBytes = Number.POSITIVE_INFINITY, signal } = options
  const digest = createHash('sha256').update(buffer.subarray(0, headBytes))
  for (let position = headBytes; position < sizeBytes; ) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) break
    digest.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return contentHashOf(digest.digest())
}

async function rememberHash(item: FileToHash, outcome: HashOutcome, state: LocalState): Promise<void> {
  const { fingerprint, folder, name, seenAtMs } = item.file
  if (outcome.kind === 'failed' || item.knownHash !== undefined) return
  // A file of before that comes back to this place must be told of again, though nothing has changed of it.
  if (isRacy(fingerprint, seenAtMs)) return await state.forget([{ folder: folder.path, name }])
  const contentHash = outcome.kind === 'hashed' ? outcome.hashed.contentHash : null
  await state.remember([{ folder: folder.path, name, record: { fingerprint, contentHash, confirmedLocationBytes: 0 } }], {
    durable: fingerprint.sizeBytes >= durableFromBytes,
  })
}

/** To read so much again after a power failure costs more than to wait for the disk now. */
const durableFromBytes = 64 * 2 ** 20
