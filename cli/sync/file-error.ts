import { errorCode } from '../error-code.ts'

/** The file is not, or no longer, the one that was looked at. */
export class FileChangedError extends Error {
  override readonly name = 'FileChangedError'
}

const reasons = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOENT', 'no longer there'],
  ['ENOTDIR', 'no longer there'],
  ['ELOOP', 'a symbolic link now; it is not followed'],
  ['EIO', 'the disk cannot read it (input/output error)'],
  ['ENAMETOOLONG', 'its path is too long for the system'],
  ['EMFILE', 'too many open files'],
  ['ENFILE', 'too many open files'],
  ['ESTALE', 'the network file system lost it (stale handle)'],
])

/** Why a file cannot be read, in words and without its path; undefined for an error that has nothing to do with the file. */
export function findFileErrorReason(error: unknown): string | undefined {
  if (error instanceof FileChangedError) return error.message
  const code = errorCode(error)
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return undefined
  return reasons.get(code) ?? `${String(error.syscall)} failed with ${code}`
}

/** Whether nothing has the name that was asked for. */
export function isAbsence(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** As {@link findFileErrorReason}; throws again what has nothing to do with the file. */
export function requireFileErrorReason(error: unknown): string {
  const reason = findFileErrorReason(error)
  if (reason === undefined) throw error
  return reason
}
