import { open } from 'node:fs/promises'
import { type ContentHash, contentHashSchema } from '../../contract/content-hash.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatWords } from '../shell-words.ts'
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
      hint: hintFor(path, code),
      cause: error,
    })
  }
}

function hintFor(path: string, code: string): string {
  // The shell makes names of the star, but not within quotes.
  if (code === 'EISDIR') return `name the files in it, such as ${formatWords([path.replace(/(?<=.)\/+$/, '')])}/*`
  if (/^[0-9a-f]{4,63}$/i.test(path)) {
    return 'give the whole content hash, of 64 characters, as photos trash list shows it; of what is not in the trash, photos ls --json'
  }
  return 'name a file that is backed up, or the content_hash of a photo that this shows: photos ls --json'
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
