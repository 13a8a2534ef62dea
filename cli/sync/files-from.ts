import { posix } from 'node:path'
import type { BytePath } from '../byte-path.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** No path of any system is longer, so that a list that is separated by NULs has one by then. */
const longestPathBytes = 8 * 1024

/**
 * The paths of a list: one a line, or separated by NULs, which the first 8 KiB tell. Lines are taken as they are, but for a
 * byte order mark before the first one and a carriage return at their end; empty ones count for nothing. Holds a piece of the list. Throws a `UserError` with exit code 2
 * for a line that is longer than any path.
 */
export async function* readPathList(list: AsyncIterable<Buffer>): AsyncGenerator<BytePath> {
  let rest = ''
  let separator: '\0' | '\n' | undefined
  for await (const bytes of list) {
    rest += bytes.toString('latin1')
    if (separator === undefined && rest.length < longestPathBytes && !rest.includes('\0')) continue
    if (separator === undefined) {
      separator = separatorOf(rest)
      rest = withoutMark(rest)
    }
    const paths = rest.split(separator)
    rest = paths.pop() ?? ''
    yield* tidied(paths, separator)
    if (rest.length > longestPathBytes) throw noPath()
  }
  if (separator === undefined) rest = withoutMark(rest)
  separator ??= separatorOf(rest)
  yield* tidied(rest.split(separator), separator)
}

/**
 * The same paths as absolute ones without dots in them. A relative one is looked for in `folder`; where there is none, it stays
 * relative, and lies in no source.
 */
export async function* resolvePaths(paths: AsyncIterable<BytePath>, folder: BytePath | undefined): AsyncGenerator<BytePath> {
  for await (const path of paths) {
    yield posix.normalize(path.startsWith('/') || folder === undefined ? path : `${folder}/${path}`)
  }
}

function separatorOf(start: string): '\0' | '\n' {
  return start.slice(0, longestPathBytes).includes('\0') ? '\0' : '\n'
}

/** Without the UTF-8 byte order mark that editors on Windows write. */
function withoutMark(start: string): string {
  return start.replace(/^\xef\xbb\xbf/, '')
}

function tidied(paths: readonly string[], separator: '\0' | '\n'): readonly BytePath[] {
  const whole = separator === '\0' ? paths : paths.map((path) => path.replace(/\r$/, ''))
  return whole.filter((path) => path !== '')
}

function noPath(): UserError {
  return new UserError('the list of files has a line that is longer than any path', {
    exitCode: exitCodes.usage,
    hint: 'give one path a line, or separate them by NULs: find DIR -newer FILE -print0 | photos sync DIR --files-from -',
  })
}
