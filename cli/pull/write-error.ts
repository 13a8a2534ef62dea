import { existsSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from '../error-code.ts'
import { TransferError, UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

const reasons = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENAMETOOLONG', 'its name is too long for the file system'],
  ['EILSEQ', 'the file system cannot write its name'],
  ['EINVAL', 'the file system cannot write its name'],
  ['ENOTDIR', 'a file is where one of its folders should be'],
  ['EEXIST', 'a file is where one of its folders should be'],
  ['ELOOP', 'symbolic links lead in a circle'],
  ['EXDEV', 'its folder is on another file system'],
  ['EFBIG', 'it is too large for the file system'],
  ['EIO', 'the disk cannot be written or read (input/output error)'],
  ['EMFILE', 'too many open files'],
  ['ENFILE', 'too many open files'],
])

/** Why an original could not be pulled, in words and without its path; undefined for what is not this one file's failure. */
export function findPullFailure(error: unknown): string | undefined {
  if (error instanceof TransferError) return error.message
  const code = errorCode(error)
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return undefined
  if ('path' in error && typeof error.path === 'string' && endsAtLink(error.path))
    return 'a symbolic link that leads nowhere is where a folder should be'
  return reasons.get(code) ?? `${String(error.syscall)} failed with ${code}`
}

/** Whether the lowest thing that is there, of a path and what it lies in, is a link to what is not: no code of an error tells. */
function endsAtLink(path: string): boolean {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats !== undefined) return stats.isSymbolicLink() && !existsSync(path)
  } catch {
    return false // what may not be looked at has a code that tells
  }
  return dirname(path) !== path && endsAtLink(dirname(path))
}

const nothingTwice = 'what is there already is not downloaded again'

/**
 * Throws the end of the run when nothing more can be written: a hundred thousand failures would not say it better.
 *
 * @param meanwhile what became of the files until then, for the hint
 */
export function endRunWhenFull(error: unknown, to: string, meanwhile = nothingTwice): void {
  const code = errorCode(error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return
  throw new UserError(`no space left in ${to}`, {
    exitCode: exitCodes.someFilesFailed,
    hint: `make room and run the same command again; ${meanwhile}`,
    cause: error,
  })
}
