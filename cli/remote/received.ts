import { createHash } from 'node:crypto'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { TransferError } from '../errors.ts'
import { ofLocalFile } from './local-file-error.ts'

/** The part of a `FileHandle` that receiving needs. */
export interface ByteSink {
  writev(buffers: NodeJS.ArrayBufferView[], position: number): Promise<{ readonly bytesWritten: number }>
}

/** What of an object is in its file so far, and its hash. */
export interface Received {
  readonly sizeBytes: number
  /**
   * Writes and hashes what comes behind it. Throws a `TransferError` (`bytes-differ`) for more than the object has, and a
   * `LocalFileError` for what the file system says; then neither the file nor the hash is of use any more.
   */
  append(pieces: Buffer[], lengthBytes: number): Promise<void>
  /** The next bytes are the object's first ones. */
  startAnew(): void
  contentHash(): ContentHash
}

/** @param sink an open, empty file @param objectBytes the length that the object must have */
export function createReceived(sink: ByteSink, objectBytes: number): Received {
  let hash = createHash('sha256')
  let sizeBytes = 0
  return {
    get sizeBytes() {
      return sizeBytes
    },
    async append(pieces, lengthBytes) {
      if (sizeBytes + lengthBytes > objectBytes) throw otherLength()
      const written = ofLocalFile(writeAll(sink, pieces, lengthBytes, sizeBytes))
      for (const piece of pieces) hash.update(piece) // while the kernel writes
      await written
      sizeBytes += lengthBytes
    },
    startAnew() {
      hash = createHash('sha256')
      sizeBytes = 0
    },
    contentHash: () => contentHashOf(hash.digest()),
  }
}

export function otherLength(): TransferError {
  return new TransferError('the stored object has another length', { kind: 'bytes-differ' })
}

async function writeAll(sink: ByteSink, pieces: Buffer[], lengthBytes: number, position: number): Promise<void> {
  const { bytesWritten } = await sink.writev(pieces, position)
  if (bytesWritten === lengthBytes) return
  // Rare, as on a disk that has just become full: the next write says why.
  const rest = Buffer.concat(pieces, lengthBytes).subarray(bytesWritten)
  await writeAll(sink, [rest], rest.length, position + bytesWritten)
}
