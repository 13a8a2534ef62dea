import { lstatSync, type Stats, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { findMediaTypeByName } from '../../contract/media-types.ts'
import { keysOfPhoto, keysOfSidecar } from '../../contract/sidecars.ts'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import type { FileStats } from '../state/file-record.ts'
import { findFileErrorReason } from './file-error.ts'
import { createPathPatterns, type PathPatterns } from './path-patterns.ts'
import { choosesFiles, isWithinLimits, type Selection } from './selection.ts'

/** What the patterns of a run and of the folders above say of one folder's names. */
export interface FolderRules {
  /** The folder's path from its source, as a person reads it, with a slash at the end; empty for the source itself. */
  readonly prefix: string
  /** Of `--filter-from` and of each `.photosignore` on the way. */
  readonly ignored: PathPatterns | undefined
}

/** Which of one folder's files and subfolders are taken. */
export interface FolderChoice {
  takesFile(name: BytePath, stats: FileStats): boolean
  takesFolder(name: BytePath): boolean
}

/** Chooses files by a {@link Selection}. */
export interface Chooser {
  /** For the files of a source, before anything in it is known. */
  readonly rootRules: FolderRules
  rulesBelow(rules: FolderRules, name: BytePath): FolderRules
  takesFolder(name: BytePath, rules: FolderRules): boolean
  /** With the lines of the folder's own `.photosignore`. */
  withLines(rules: FolderRules, lines: readonly string[]): Promise<FolderRules>
  /** Undefined where all is taken. */
  choose(folder: BytePath, names: readonly BytePath[], rules: FolderRules): Promise<FolderChoice | undefined>
}

export async function createChooser(selection: Selection): Promise<Chooser> {
  const { exclude = [], include = [], filterLines = [], followsLinks = false } = selection
  const patternsOf = async (lines: readonly string[]): Promise<PathPatterns | undefined> =>
    lines.length === 0 ? undefined : await createPathPatterns(lines)
  const [excluded, included, ignored] = [await patternsOf(exclude), await patternsOf(include), await patternsOf(filterLines)]
  const hasLimits = choosesFiles(selection)
  const isExcluded = (path: string, rules: FolderRules): boolean =>
    (excluded?.matches(path) ?? false) || (rules.ignored?.matches(path) ?? false)
  const isChosen = (path: string, stats: FileStats): boolean =>
    isWithinLimits(stats, selection) && (included?.matches(path) ?? true)

  const takesFolder = (name: BytePath, rules: FolderRules): boolean => !isExcluded(`${rules.prefix}${shownPath(name)}/`, rules)

  return {
    rootRules: { prefix: '', ignored },
    rulesBelow: ({ prefix, ignored }, name) => ({ prefix: `${prefix}${shownPath(name)}/`, ignored }),
    takesFolder,
    async withLines({ prefix, ignored }, lines) {
      return { prefix, ignored: (ignored ?? (await createPathPatterns([]))).withLinesIn(prefix, lines) }
    },
    async choose(folder, names, rules) {
      if (!hasLimits && excluded === undefined && rules.ignored === undefined) return undefined
      const takesPhoto = (name: BytePath, stats: FileStats): boolean => {
        const path = rules.prefix + shownPath(name)
        return !isExcluded(path, rules) && isChosen(path, stats)
      }
      const keys = hasLimits ? await findKeysOfTakenPhotos({ folder, names, takesPhoto, followsLinks }) : new Set<string>()
      return {
        takesFile(name, stats) {
          const path = rules.prefix + shownPath(name)
          return !isExcluded(path, rules) && (isChosen(path, stats) || keysOfSidecarNamed(name).some((key) => keys.has(key)))
        },
        takesFolder: (name) => takesFolder(name, rules),
      }
    },
  }
}

/** So many files are looked at in one go, then others get their turn. */
const namesAtOnce = 500

interface PhotosOfFolder {
  readonly folder: BytePath
  readonly names: readonly BytePath[]
  readonly takesPhoto: (name: BytePath, stats: FileStats) => boolean
  readonly followsLinks: boolean
}

/** Those of the folder's sidecars look for: a sidecar is taken with its photo, which may stand behind it. */
async function findKeysOfTakenPhotos({ folder, names, takesPhoto, followsLinks }: PhotosOfFolder): Promise<ReadonlySet<string>> {
  const wanted = new Set(names.flatMap(keysOfSidecarNamed))
  const taken = new Set<string>()
  if (wanted.size === 0) return taken
  for (const [index, name] of names.entries()) {
    if (index % namesAtOnce === 0) await setImmediate()
    const keys = isSidecar(name) ? [] : keysOfPhoto(shownPath(name)).filter((key) => wanted.has(key))
    const stats = keys.length === 0 ? undefined : findStats(joinBytePath(folder, name), followsLinks)
    if (stats?.isFile() && takesPhoto(name, stats)) for (const key of keys) taken.add(key)
  }
  return taken
}

/** Undefined where it cannot be looked at, which the scan tells when it comes there. */
function findStats(path: BytePath, followsLinks: boolean): Stats | undefined {
  try {
    return followsLinks ? statSync(bytesOf(path)) : lstatSync(bytesOf(path))
  } catch (error) {
    if (findFileErrorReason(error) === undefined) throw error
    return undefined
  }
}

export function isSidecar(name: BytePath): boolean {
  return findMediaTypeByName(name)?.kind === 'sidecar'
}

function keysOfSidecarNamed(name: BytePath): readonly string[] {
  return isSidecar(name) ? keysOfSidecar(shownPath(name)) : []
}
