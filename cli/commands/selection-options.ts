import { accessSync, constants, createReadStream, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { type Command, Option } from 'commander'
import { bytePathOf } from '../byte-path.ts'
import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { readUntilAborted } from '../read-until-aborted.ts'
import { parseSize } from '../size.ts'
import { readPathList, resolvePaths } from '../sync/files-from.ts'
import { findPatternFault } from '../sync/path-patterns.ts'
import { countPatterns, mostPatterns, splitLines } from '../sync/photos-ignore.ts'
import type { ListedPaths } from '../sync/scan-listed.ts'
import type { Selection } from '../sync/selection.ts'
import { parseModificationRange } from '../time-range.ts'
import { asTyped, asTypedText, asTypedTime } from './as-typed.ts'
import { addLines, addPatterns, requirePathsBelow } from './typed-patterns.ts'

/** Which of a folder's files a run takes, as typed. */
export interface SelectionFlags {
  readonly hidden?: true
  readonly exclude?: readonly string[]
  readonly include?: readonly string[]
  readonly filterFrom?: readonly string[]
  /** In bytes. */
  readonly minSize?: number
  /** In bytes. */
  readonly maxSize?: number
  readonly newer?: string
  readonly older?: string
  readonly followSymlinks?: true
  /** Only of commands that take a list of files. */
  readonly filesFrom?: string
}

const parseFile = asTypedText('a file')

/** The flags that say which files are taken. */
export function addSelectionOptions(command: Command): Command {
  return command
    .addOption(repeatable('--exclude <pattern>', 'leave out what matches, as in a .gitignore').argParser(addPatterns))
    .addOption(
      repeatable('--include <pattern>', 'take only what matches, and what lies in a folder that does').argParser(addPatterns),
    )
    .addOption(
      repeatable('--filter-from <file>', 'patterns from a file, as if it were the .photosignore of each folder').argParser(
        (text, before?: readonly string[]) => addLines(parseFile(text), before),
      ),
    )
    .addOption(
      new Option('--min-size <size>', 'leave out smaller files: 500K, 10M').env('PHOTOS_MIN_SIZE').argParser(asTyped(parseSize)),
    )
    .addOption(new Option('--max-size <size>', 'leave out larger files: 4G').env('PHOTOS_MAX_SIZE').argParser(asTyped(parseSize)))
    .addOption(
      new Option('--newer <time>', 'changed at or after: 2021, 2021-06, 2021-06-15 or 30d')
        .env('PHOTOS_NEWER')
        .argParser(asTypedTime),
    )
    .addOption(
      new Option('--older <time>', 'changed at or before, all of that day, month or year')
        .env('PHOTOS_OLDER')
        .argParser(asTypedTime),
    )
    .addOption(new Option('--hidden', 'take hidden files and folders, too').env('PHOTOS_HIDDEN'))
    .addOption(new Option('--follow-symlinks', 'take what symbolic links lead to').env('PHOTOS_FOLLOW_SYMLINKS'))
}

/** The flag that lists files one by one. */
export function addFilesFromOption(command: Command): Command {
  return command.addOption(
    new Option('--files-from <file>', 'look only at the paths in this file, or in standard input (-)')
      .env('PHOTOS_FILES_FROM')
      .argParser(parseFile),
  )
}

/**
 * What was typed, as the run takes it. Reads the files of patterns. Throws a `UserError` with exit code 2 for one that is not
 * there, for a pattern that can match nothing, and for a time that is none.
 */
export function selectionOf(flags: SelectionFlags, folders: readonly string[], { now, environment }: Context): Selection {
  const { fromMs, beforeMs } = parseModificationRange(flags, now())
  const { minSize, maxSize } = flags
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize) {
    throw usageError('--min-size is larger than --max-size', 'no file is both; give a smaller one, or one of the two')
  }
  const { exclude = [], include = [], filterFrom = [] } = flags
  const requireBelow = (patterns: readonly string[], place: (index: number) => string): readonly string[] => {
    requirePathsBelow(patterns, place, folders, environment['HOME'])
    return patterns
  }
  return {
    takesHidden: flags.hidden ?? false,
    takesListedHidden: flags.filesFrom !== undefined,
    followsLinks: flags.followSymlinks ?? false,
    exclude: requireBelow(exclude, () => '--exclude'),
    include: requireBelow(include, () => '--include'),
    filterLines: filterFrom.flatMap((file) => requireBelow(readFilterFile(file), (index) => `${file}, line ${index + 1}:`)),
    minimumSizeBytes: minSize,
    maximumSizeBytes: maxSize,
    modifiedFromMs: fromMs,
    modifiedBeforeMs: beforeMs,
  }
}

/**
 * What reads the paths of `--files-from`, as they come; undefined without it. Relative ones are looked for in the one folder of
 * the run. Throws a `UserError` with exit code 2 for a list that is not there.
 */
export function listedOf(
  { filesFrom }: SelectionFlags,
  folders: readonly string[],
  context: Pick<Context, 'stdin'>,
): ListedPaths | undefined {
  if (filesFrom === undefined) return undefined
  const [folder, another] = folders
  if (filesFrom !== '-') requireList(filesFrom)
  const onlyFolder = folder === undefined || another !== undefined ? undefined : bytePathOf(resolve(folder))
  // Opened only when it is read: until then nobody would hear that it fails.
  const open = (): Readable => (filesFrom === '-' ? context.stdin : createReadStream(filesFrom))
  return (signal) => resolvePaths(readPathList(readUntilAborted(open(), signal)), onlyFolder)
}

function requireList(file: string): void {
  try {
    if (statSync(file).isDirectory())
      throw usageError(`${file} is a folder, not a list of files`, 'name a file with a path a line')
    accessSync(file, constants.R_OK)
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw cannotRead(file, '--files-from', cause)
  }
}

function readFilterFile(file: string): readonly string[] {
  const lines = readLines(file)
  if (countPatterns(lines) > mostPatterns)
    throw usageError(`${file} has more than ${mostPatterns} patterns`, 'name the files one by one instead, with --files-from')
  for (const [index, line] of lines.entries()) {
    const fault = findPatternFault(line)
    if (fault === undefined || line.startsWith('#')) continue
    throw usageError(
      `line ${index + 1} of ${file} ${fault}`,
      'mend the line: its pattern can match nothing; the syntax is in docs/filters.md',
    )
  }
  return lines
}

function readLines(file: string): readonly string[] {
  try {
    // A pipe could be waited for for ever, and is empty when `watch` reads it again.
    if (!statSync(file).isFile()) throw usageError(`${file} is no regular file`, 'write the patterns into a file, and name that')
    return splitLines(readFileSync(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw cannotRead(file, '--filter-from', cause)
  }
}

function repeatable(flags: string, description: string): Option {
  const variable = `PHOTOS_${flags.slice(2, flags.indexOf(' ')).replace('-', '_').toUpperCase()}`
  return new Option(flags, `${description}; may be given again`).env(variable)
}

function cannotRead(file: string, flag: string, cause: unknown): UserError {
  const hint = `check the path that stands after ${flag}`
  return new UserError(`cannot read ${file}`, { exitCode: exitCodes.usage, hint, cause })
}

function usageError(message: string, hint: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage, hint })
}
