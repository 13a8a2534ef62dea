import { open } from 'node:fs/promises'
import { type ContentHash, contentHashSchema } from '../../contract/content-hash.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { hashBytes } from '../sync/hash.ts'

/** A photo that the user named. */
export interface TrashTarget {
  readonly typed: string
  readonly contentHash: ContentHash
}

const chunkBytes = 1 << 20

/**
 * The photos that are meant by content hashes and by files of this machine, which are only read. Throws a `UserError` with exit
 * code 2 for what is neither, before anything else is done.
 */
export async function findTrashTargets(words: readonly string[], signal: AbortSignal): Promise<readonly TrashTarget[]> {
  const targets: TrashTarget[] = []
  for (const typed of words) {
    const hash = contentHashSchema.safeParse(typed.toLowerCase()).data
    targets.push({ typed, contentHash: hash ?? (await hashFile(typed, signal)) })
  }
  return targets
}

async function hashFile(path: string, signal: AbortSignal): Promise<ContentHash> {
  try {
    return await readHash(path, signal)
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined || signal.aborted) throw error
    throw new UserError(`${path} is no content hash, and cannot be read as a file: ${wordsOf(code)}`, {
      exitCode: exitCodes.usage,
      hint: 'name a file that is backed up, or the content_hash of a photo that this shows: photos ls --json',
      cause: error,
    })
  }
}

function wordsOf(code: string): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is none',
    ENOTDIR: 'there is none',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
  }
  return words[code] ?? code
}

async function readHash(path: string, signal: AbortSignal): Promise<ContentHash> {
  await using handle = await open(path, 'r')
  return await hashBytes(handle, { buffer: Buffer.allocUnsafeSlow(chunkBytes), signal })
}
