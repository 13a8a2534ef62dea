import { errorCode } from '../error-code.ts'

/**
 * Whether a database itself is at fault, not the disk or the rights. Of a file of its own that is gone and of a table that
 * was cut short LevelDB has only the system's words.
 */
export function isDamage(error: unknown): boolean {
  const cause = causeOf(error)
  if (!(cause instanceof Error)) return false
  if (errorCode(cause) !== 'LEVEL_IO_ERROR') return errorCode(cause) === 'LEVEL_CORRUPTION'
  return /(: No such file or directory|\.ldb: Invalid argument)$/.test(cause.message)
}

/** LevelDB's code of what went wrong, where it has one. */
export function findLevelCode(error: unknown): string | undefined {
  return errorCode(causeOf(error))
}

/**
 * The system's words, in lower case: the end of `IO error: PATH: No space left on device` (LevelDB) and the middle of
 * `EACCES: permission denied, mkdir 'PATH'` (Node.js).
 */
export function describeFailure(error: unknown): string {
  const cause = causeOf(error)
  const code = errorCode(cause)
  if (!(cause instanceof Error) || code === 'LEVEL_CORRUPTION') return String(code ?? cause).toLowerCase()
  const words = code === 'LEVEL_IO_ERROR' ? cause.message.split(': ').at(-1) : /^[A-Z]+: ([^,]+),/.exec(cause.message)?.[1]
  return (words ?? code ?? cause.message).toLowerCase()
}

/** `classic-level` wraps an error of opening in one of its own. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}
