import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { findMediaTypeByName } from '../../contract/media-types.ts'
import type { Tell } from '../event-stream.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { createSlotPool } from '../remote/slot-pool.ts'
import { isRacy } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import { findFileErrorReason } from './file-error.ts'
import { failed, skipped } from './file-event.ts'
import { formatModificationTime } from './format-modification-time.ts'
import { openOriginal, requireUnchanged } from './open-original.ts'
import { jsonContentType, notMediaReason } from './plan.ts'
import type { FileToHash } from './recall.ts'
import type { ScannedFile } from './scan.ts'
import { isTakeoutSidecar, sniffBytes, sniffContentType, sniffJsonBytes } from './sniff-content-type.ts'

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
  const { file } = item
  const contentType = await findContentType(handle, file, options.buffer)
  if (contentType === undefined) return { kind: 'not-media' }
  const { sizeBytes } = file.fingerprint
  if (sizeBytes > options.maximumSizeBytes) return { kind: 'failed', reason: tooLarge(sizeBytes, options.maximumSizeBytes) }
  const contentHash = item.knownHash ?? (await hashBytes(handle, options))
  const { mtimeNs } = await handle.stat({ bigint: true })
  await requireUnchanged(handle, file, 'read')
  return { kind: 'hashed', hashed: { file, contentHash, contentType, modificationTime: formatModificationTime(mtimeNs) } }
}

/** By its name, or else by its first bytes. JSON has a name that tells nothing. */
async function findContentType(handle: FileHandle, file: ScannedFile, buffer: Buffer): Promise<string | undefined> {
  const named = findMediaTypeByName(file.name)
  if (named && named.contentType !== jsonContentType) return named.contentType
  const { bytesRead } = await handle.read(buffer, 0, named ? sniffJsonBytes : sniffBytes, 0)
  const head = buffer.subarray(0, bytesRead)
  if (named) return isTakeoutSidecar(head) ? named.contentType : undefined
  return sniffContentType(head)
}

/** SHA-256 of an open file from its start to its end. */
export async function hashBytes(handle: FileHandle, options: Pick<HashFileOptions, 'buffer' | 'signal'>): Promise<ContentHash> {
  const digest = createHash('sha256')
  for (let position = 0; ; ) {
    options.signal.throwIfAborted()
    const { bytesRead } = await handle.read(options.buffer, 0, options.buffer.length, position)
    if (bytesRead === 0) return contentHashOf(digest.digest())
    digest.update(options.buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

async function rememberHash(item: FileToHash, outcome: HashOutcome, state: LocalState): Promise<void> {
  const { fingerprint, folder, name, seenAtMs } = item.file
  if (outcome.kind === 'failed' || item.knownHash !== undefined || isRacy(fingerprint, seenAtMs)) return
  const contentHash = outcome.kind === 'hashed' ? outcome.hashed.contentHash : null
  await state.remember([{ folder: folder.path, name, record: { fingerprint, contentHash, confirmedLocationBytes: 0 } }], {
    durable: fingerprint.sizeBytes >= durableFromBytes,
  })
}

/** To read so much again after a power failure costs more than to wait for the disk now. */
const durableFromBytes = 64 * 2 ** 20

/** No remote refuses files that small by its nature: one whose maximum is below this has hardly any room left. */
const hardlyAnyRoomBytes = 2 ** 20

function tooLarge(sizeBytes: number, maximumSizeBytes: number): string {
  if (maximumSizeBytes < hardlyAnyRoomBytes) return 'the remote has no room: its disk is full'
  const [size, maximum] = [sizeBytes, maximumSizeBytes].map((bytes) => bytes.toLocaleString('en-US'))
  return `too large: ${size} bytes, and the remote takes at most ${maximum}`
}
