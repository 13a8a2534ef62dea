import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentHash } from '../../contract/content-hash.ts'
import { type BytePath, bytesOf, isWellFormed, shownPath } from '../byte-path.ts'

export const receiptsName = 'receipts.jsonl'
/** Of the first line, whichever event it tells of. */
export const beginningOfReceipts = '{"event":"mov'

/** What is written down of a move: once before it, and once when it is done. */
export interface Receipt {
  readonly event: 'moving' | 'moved'
  readonly at: Date
  readonly from: BytePath
  readonly to: BytePath
  readonly contentHash: ContentHash
  readonly sizeBytes: number
  /** Of the remote whose backend has read the original. */
  readonly remoteId: string
  /** ISO 8601 in UTC, by the remote's clock. */
  readonly verifiedAt: string
}

/** The list of all that was ever moved into a quarantine. */
export interface Receipts extends AsyncDisposable {
  /** On the disk when it resolves. */
  write(receipt: Receipt): Promise<void>
}

/** Opens `receipts.jsonl`, and makes it where there is none. Lines of earlier runs stay. */
export async function openReceipts(quarantine: string): Promise<Receipts> {
  const handle = await open(join(quarantine, receiptsName), 'a+', 0o600)
  let isTorn = await endsInALine(handle)
  return {
    async write(receipt) {
      const line = `${isTorn ? '\n' : ''}${format(receipt)}\n`
      isTorn = true // until all of it is there
      await handle.appendFile(line)
      await handle.sync()
      isTorn = false
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

/** Whether a power failure or a full disk has cut the last line short. */
async function endsInALine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat()
  if (size === 0) return false
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer.toString() !== '\n'
}

/** A stable interface. Paths that are not UTF-8 are there as bytes in base64, too. */
function format({ event, at, from, to, contentHash, sizeBytes, remoteId, verifiedAt }: Receipt): string {
  return JSON.stringify({
    event,
    time: at.toISOString(),
    from: shownPath(from),
    ...(!isWellFormed(from) && { from_bytes: bytesOf(from).toString('base64') }),
    to: shownPath(to),
    ...(!isWellFormed(to) && { to_bytes: bytesOf(to).toString('base64') }),
    content_hash: contentHash,
    size_bytes: sizeBytes,
    remote_id: remoteId,
    verified_at: verifiedAt,
  })
}
