import { errorCode } from '../error-code.ts'

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

/** Why the file system refused, in words and without the path; undefined for an error that is not the file system's. */
export function findFileErrorReason(error: unknown): string | undefined {
  const code = errorCode(error)
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return undefined
  return reasons.get(code) ?? `${String(error.syscall)} failed with ${code}`
}
