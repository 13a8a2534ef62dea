import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Context, stateFolder } from '../context.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { formatWords } from '../shell-words.ts'

/*
 * The folder at which a disk is mounted is there without it, too, and empty: only that it held a library once tells that a new
 * one is not what is wanted. So a file for each library is left in the state folder, with the path in it for people.
 */

/** Remembers that a library lies in a folder. A disk that is full, or may not be written, is no reason not to back up. */
export async function rememberLibrary(folder: string, context: Context): Promise<void> {
  const path = memoryOf(folder, context)
  if (existsSync(path)) return
  try {
    await makeFolder(memories(context), 0o700)
    await writeFile(path, `${folder}\n`, { mode: 0o600 })
  } catch (error) {
    if (errorCode(error) === undefined) throw error
  }
}

/** Throws a `UserError` with exit code 5 where this machine knows of a library in a folder, and there is none. */
export async function requireNotAway(folder: string, context: Context): Promise<void> {
  const path = memoryOf(folder, context)
  if (!existsSync(path)) return
  const { libraryPaths } = await import('../../embedded/library.ts')
  const { identity, index } = libraryPaths(folder)
  // One of which a part is left is damaged, which is told when it is opened.
  if (existsSync(identity) || existsSync(index)) return
  throw new UserError(`the library ${folder} is gone: there was one when it was last backed up to`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `is its disk mounted? If you want a new, empty library there: ${formatWords(['rm', path])}`,
  })
}

function memories(context: Context): string {
  return join(stateFolder(context), 'libraries')
}

/** A path may be longer than a file's name. */
function memoryOf(folder: string, context: Context): string {
  return join(memories(context), createHash('sha256').update(folder).digest('hex').slice(0, 32))
}
