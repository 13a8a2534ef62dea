import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { maximumBatchSize } from '../../contract/photos.ts'
import type { BeginUpload, SignedRequest } from '../../contract/transfers.ts'
import type { Tell } from '../event-stream.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { batches } from '../read-ahead.ts'
import type { Remote } from '../remote/remote.ts'
import type { UploadJournal } from '../state/upload-journal.ts'
import { FileChangedError } from './file-error.ts'
import type { HashedFile } from './hash.ts'
import { requireUnchanged } from './open-original.ts'
import type { OriginalSender, SendOptions } from './original-sender.ts'
import type { PartBuffers } from './part-buffers.ts'
import { pathOf } from './scan.ts'

export type UploadInParts = Extract<BeginUpload, { kind: 'parts' }>

export interface SendPartsOptions extends SendOptions {
  readonly remote: Remote
  readonly sender: OriginalSender
  readonly partBuffers: PartBuffers
  readonly journal: UploadJournal
  /** Parts of one file that are sent at the same time; the budget of the buffers may allow fewer, and the line, too. */
  readonly transfers: number
  readonly tell: Tell
}

interface Part {
  readonly partNumber: number
  /** Its bytes fill the buffer. */
  readonly buffer: Buffer
  readonly checksumSha256: string
}

type SignedPart = readonly [Part, SignedRequest]

/** Parts of one file that are read at the same time. */
const readsAtOnce = 2
/** How often parts that the remote misses are sent again. */
const maximumRounds = 3

/**
 * Sends what is missing of a large file, each part from memory and so with the very bytes of its checksum, then has them
 * joined. `begin-again`: the remote no longer knows this upload. Throws a `TransferError` or a `FileChangedError`.
 */
export async function sendParts(
  handle: FileHandle,
  hashed: HashedFile,
  upload: UploadInParts,
  options: SendPartsOptions,
): Promise<'sent' | 'begin-again'> {
  await writeDown(hashed, upload, options.journal)
  const { sizeBytes } = hashed.file.fingerprint
  let partNumbers = missingParts(sizeBytes, upload)
  for (let round = 1; round <= maximumRounds; round += 1) {
    const onArrived = await tellKept(sizeBytes, upload, partNumbers, options.tell)
    await sendAll(handle, hashed, upload, partNumbers, { ...options, onArrived })
    await requireUnchanged(handle, hashed.file, 'uploaded')
    const answer = await options.remote.completeUpload(upload.contentHash, upload.uploadId, { signal: options.signal })
    if (answer.kind === 'completed') return 'sent'
    if (answer.kind === 'unknown') return 'begin-again'
    partNumbers = answer.missingPartNumbers
  }
  return 'begin-again'
}

/** Before the first part leaves: what lies at the remote is known here, whatever happens next. */
async function writeDown({ file }: HashedFile, upload: UploadInParts, journal: UploadJournal): Promise<void> {
  const { contentHash, uploadId, partSizeBytes } = upload
  const { sizeBytes, mtimeMs } = file.fingerprint
  await journal.begin({ contentHash, uploadId, partSizeBytes, path: pathOf(file), sizeBytes, mtimeMs })
}

function missingParts(sizeBytes: number, upload: UploadInParts): readonly number[] {
  const uploaded = new Set(upload.uploadedPartNumbers)
  const all = Array.from({ length: Math.ceil(sizeBytes / upload.partSizeBytes) }, (_, index) => index + 1)
  return all.filter((partNumber) => !uploaded.has(partNumber))
}

/** Tells what the remote has of the original, at once and with every part that arrives there. */
async function tellKept(
  sizeBytes: number,
  { contentHash, partSizeBytes }: UploadInParts,
  missing: readonly number[],
  tell: Tell,
): Promise<(partNumber: number) => Promise<void>> {
  const sizeOf = (partNumber: number): number => Math.min(partSizeBytes, sizeBytes - (partNumber - 1) * partSizeBytes)
  let keptBytes = sizeBytes - missing.reduce((sum, partNumber) => sum + sizeOf(partNumber), 0)
  const tellAll = async (): Promise<void> => await tell([{ kind: 'kept', contentHash, sizeBytes: keptBytes }])
  await tellAll()
  return async (partNumber) => {
    keptBytes += sizeOf(partNumber)
    await tellAll()
  }
}

interface SendAllOptions extends SendPartsOptions {
  readonly onArrived: (partNumber: number) => Promise<void>
}

async function sendAll(
  handle: FileHandle,
  hashed: HashedFile,
  upload: UploadInParts,
  partNumbers: readonly number[],
  options: SendAllOptions,
): Promise<void> {
  const controller = new AbortController()
  const signal = AbortSignal.any([options.signal, controller.signal])
  const partOptions = { ...options, signal }
  const lent = new Set<Buffer>()
  const read = mapConcurrently(
    partNumbers,
    readsAtOnce,
    (number) => readPart(handle, hashed, upload, number, lent, partOptions),
    { signal },
  )
  const signed = signParts(batches(read, maximumBatchSize, controller), upload, partOptions)
  const send = async ([part, request]: SignedPart): Promise<void> => {
    await options.sender.sendBytes(request, part.buffer, partOptions)
    lent.delete(part.buffer)
    options.partBuffers.giveBack(part.buffer)
    await options.onArrived(part.partNumber)
  }
  try {
    for await (const _ of mapConcurrently(signed, options.transfers, send, { signal, controller }))
      options.signal.throwIfAborted()
  } finally {
    for (const buffer of lent) options.partBuffers.giveBack(buffer)
  }
}

async function readPart(
  handle: FileHandle,
  hashed: HashedFile,
  upload: UploadInParts,
  partNumber: number,
  lent: Set<Buffer>,
  options: SendPartsOptions,
): Promise<Part> {
  const offset = (partNumber - 1) * upload.partSizeBytes
  const sizeBytes = Math.min(upload.partSizeBytes, hashed.file.fingerprint.sizeBytes - offset)
  const buffer = await options.partBuffers.take(sizeBytes, options.signal)
  lent.add(buffer)
  for (let filled = 0; filled < sizeBytes; ) {
    const { bytesRead } = await handle.read(buffer, filled, sizeBytes - filled, offset + filled)
    if (bytesRead === 0) throw new FileChangedError('changed while it was uploaded; run again')
    filled += bytesRead
  }
  return { partNumber, buffer, checksumSha256: createHash('sha256').update(buffer).digest('base64') }
}

async function* signParts(
  read: AsyncIterable<readonly Part[]>,
  { contentHash, uploadId }: UploadInParts,
  { remote, signal }: SendPartsOptions,
): AsyncGenerator<SignedPart> {
  for await (const batch of read) {
    const parts = batch.map(({ partNumber, buffer, checksumSha256 }) => ({
      partNumber,
      sizeBytes: buffer.length,
      checksumSha256,
    }))
    const requests = await remote.signParts({ contentHash, uploadId, parts }, { signal })
    for (const [index, request] of requests.entries()) {
      const part = batch[index]
      if (part) yield [part, request]
    }
  }
}
