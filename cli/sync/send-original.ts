import type { FileHandle } from 'node:fs/promises'
import type { BeginUpload } from '../../contract/transfers.ts'
import { TransferError } from '../errors.ts'
import { FileChangedError, findFileErrorReason } from './file-error.ts'
import { type HashedFile, hashBytes } from './hash.ts'
import { openOriginal, requireUnchanged } from './open-original.ts'
import { type SendPartsOptions, sendParts } from './send-parts.ts'

export type SendResult =
  | { readonly kind: 'sent' }
  /** The signed request or the upload in parts has lapsed, or the wire damaged the bytes: begin anew. */
  | { readonly kind: 'begin-again'; readonly reason: string }
  /** This file cannot be sent; another one with the same bytes could. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

const rehashBufferBytes = 1024 * 1024

/** Sends one file as the remote asked for it. Throws only what ends the run. */
export async function sendOriginal(
  hashed: HashedFile,
  upload: Extract<BeginUpload, { kind: 'put' | 'parts' }>,
  options: SendPartsOptions,
): Promise<SendResult> {
  let handle: FileHandle | undefined
  try {
    handle = await openOriginal(hashed.file, 'uploaded')
    return await sendOpenFile(handle, hashed, upload, options)
  } catch (error) {
    const reason = findFileErrorReason(error)
    if (reason === undefined) throw error
    return { kind: 'unreadable', reason }
  } finally {
    await handle?.close()
  }
}

async function sendOpenFile(
  handle: FileHandle,
  hashed: HashedFile,
  upload: Extract<BeginUpload, { kind: 'put' | 'parts' }>,
  options: SendPartsOptions,
): Promise<SendResult> {
  try {
    if (upload.kind === 'parts') {
      const result = await sendParts(handle, hashed, upload, options)
      return result === 'sent' ? { kind: 'sent' } : { kind: 'begin-again', reason: 'the remote forgot the upload' }
    }
    // 412 means that the bytes are there: they wait to be processed as if this run had sent them.
    await options.sender.sendRange(upload.request, handle, { offset: 0, sizeBytes: hashed.file.fingerprint.sizeBytes }, options)
    return { kind: 'sent' }
  } catch (error) {
    if (!(error instanceof TransferError)) throw error
    return await explain(error, handle, hashed, options)
  }
}

async function explain(
  error: TransferError,
  handle: FileHandle,
  hashed: HashedFile,
  { signal }: SendPartsOptions,
): Promise<SendResult> {
  switch (error.kind) {
    case 'expired':
    case 'missing':
      return { kind: 'begin-again', reason: error.message }
    case 'bytes-differ': {
      await requireUnchanged(handle, hashed.file, 'uploaded')
      // A program may write and set the times back. Only the bytes tell whether it was the file or the wire.
      const contentHash = await hashBytes(handle, { buffer: Buffer.allocUnsafe(rehashBufferBytes), signal })
      if (contentHash !== hashed.contentHash) throw new FileChangedError('changed while it was uploaded; run again')
      return { kind: 'begin-again', reason: error.message }
    }
    case 'archived':
    case 'denied':
    case 'failed':
      return { kind: 'failed', reason: error.message }
  }
}
