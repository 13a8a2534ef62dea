import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { findPatternFault } from '../sync/path-patterns.ts'

/** A variable can have several, one a line. */
export function addLines(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split('\n').filter((line) => line !== '')]
}

export function addPatterns(text: string, before: readonly string[] = []): readonly string[] {
  const patterns = addLines(text, before)
  for (const pattern of patterns) {
    const fault = findTypedFault(pattern)
    if (fault !== undefined) throw new InvalidArgumentError(`the pattern ${fault}.`)
  }
  if (text.trim() === '') throw new InvalidArgumentError('give a pattern; it is empty.')
  return patterns
}

/** In a file of patterns these begin a comment and an exception. */
function findTypedFault(pattern: string): string | undefined {
  if (pattern.startsWith('!'))
    return 'begins with !; exceptions are for --filter-from and .photosignore, and \\! is the character'
  if (pattern.startsWith('#')) return 'begins with #; \\# is the character'
  return findPatternFault(pattern)
}

/**
 * Throws a `UserError` with exit code 2 for a pattern that is the whole path of something in one of the folders, as a shell makes
 * of `~/DCIM/raw`: patterns are held against paths below a folder, so that it can match nothing.
 *
 * @param place what stands before the pattern in the message: a flag, or a file and its line
 */
export function requirePathsBelow(
  patterns: readonly string[],
  place: (index: number) => string,
  folders: readonly string[],
  home: string | undefined,
): void {
  for (const [index, pattern] of patterns.entries()) {
    const path = home !== undefined && pattern.startsWith('~/') ? join(home, pattern.slice(1)) : pattern
    const below = folders.map((folder) => findPathBelow(path, resolve(folder))).find((found) => found !== undefined)
    if (below === undefined) continue
    throw new UserError(`${place(index)} ${pattern} can match nothing: patterns are for paths below the folder`, {
      exitCode: exitCodes.usage,
      hint: `write '${below}'`,
    })
  }
}

/** `/raw` for `/home/me/DCIM/raw` in `/home/me/DCIM`, unless that has a `home`, too. */
function findPathBelow(path: string, folder: string): string | undefined {
  if (folder === '/' || !path.startsWith(`${folder}/`)) return undefined
  const [, first = ''] = path.split('/')
  return existsSync(join(folder, first)) ? undefined : path.slice(folder.length)
}

/** Notes, in lower case, on patterns that are most likely meant as several: some programs take a list with commas. */
export function notesOnPatterns(flags: { readonly exclude?: readonly string[]; readonly include?: readonly string[] }): string[] {
  const all = (['exclude', 'include'] as const).flatMap((flag) => (flags[flag] ?? []).map((pattern) => ({ flag, pattern })))
  return all.flatMap(({ flag, pattern }) => {
    if (!/\S,\S/.test(pattern)) return []
    return [`--${flag} '${pattern}' is one pattern, with its commas; for several give --${flag} again for each`]
  })
}
