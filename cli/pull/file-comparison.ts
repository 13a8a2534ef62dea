import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import type { Photo } from '../../contract/photos.ts'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'

/** What is at a path, against an original: nothing, the same bytes, or anything else (a link is never followed). */
export type Comparison =
  | { readonly kind: 'free' }
  | { readonly kind: 'same'; readonly modificationNanoseconds: bigint }
  | { readonly kind: 'other' }

/** Size first, then the content hash. Throws the file system's error where it cannot tell. */
export async function compareFile(path: BytePath, photo: Photo, signal?: AbortSignal): Promise<Comparison> {
  const stats = await findStats(path)
  if (!stats) return { kind: 'free' }
  if (!stats.isFile() || stats.size !== BigInt(photo.sizeBytes)) return { kind: 'other' }
  const isSame = (await hashFile(path, signal)) === photo.contentHash
  return isSame ? { kind: 'same', modificationNanoseconds: stats.mtimeNs } : { kind: 'other' }
}

async function findStats(path: BytePath): Promise<Awaited<ReturnType<typeof bigintStats>> | undefined> {
  try {
    return await bigintStats(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function bigintStats(path: BytePath) {
  return lstat(bytesOf(path), { bigint: true })
}

async function hashFile(path: BytePath, signal?: AbortSignal): Promise<ContentHash> {
  const handle = await open(bytesOf(path), constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await hashHandle(handle, signal)
  } finally {
    await handle.close()
  }
}

const bufferBytes = 1024 * 1024

async function hashHandle(handle: FileHandle, signal?: AbortSignal): Promise<ContentHash> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(bufferBytes)
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, bufferBytes)
    if (bytesRead === 0) return contentHashOf(hash.digest())
    hash.update(buffer.subarray(0, bytesRead))
  }
}
