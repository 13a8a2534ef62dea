import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import type { FileOutcome } from '../run-event.ts'
import { type Fingerprint, fingerprintOf } from '../state/file-record.ts'
import { findFileErrorReason } from './file-error.ts'
import { isLeftOut } from './left-out.ts'
import { isLibrary } from './library-mark.ts'
import type { Source } from './sources.ts'

/** A folder by its absolute path, and by what the locations of its files begin with. */
export interface ScannedFolder {
  readonly path: BytePath
  readonly location: BytePath
  /** The path as a person reads it. */
  readonly shown: string
}

export interface ScannedFile {
  readonly folder: ScannedFolder
  readonly name: BytePath
  readonly fingerprint: Fingerprint
  /** When it was looked at, in milliseconds since 1970. */
  readonly seenAtMs: number
}

/** Some of the files of one folder, sorted by name; a large folder comes in several. */
export interface ScannedBatch {
  readonly folder: ScannedFolder
  readonly files: readonly ScannedFile[]
  /** What is no regular file or cannot be looked at. */
  readonly outcomes: readonly FileOutcome[]
  /** How many names were left out without a look; a library of photos counts as one. */
  readonly leftOut: number
}

export interface ScanOptions {
  readonly now: () => number
  readonly signal?: AbortSignal | undefined
}

/** So many names are looked at in one go, then others get their turn. */
const namesAtOnce = 500

export function pathOf(file: ScannedFile): BytePath {
  return joinBytePath(file.folder.path, file.name)
}

export function locationPathOf(file: ScannedFile): BytePath {
  return joinBytePath(file.folder.location, file.name)
}

/** The file's path as a person reads it. */
export function shownPathOf(file: ScannedFile): string {
  return joinBytePath(file.folder.shown, shownPath(file.name))
}

/**
 * Walks the sources depth first, every folder's files before its subfolders, all in the order of their bytes. Never follows
 * a symbolic link. Holds the names of one chain of folders and no more. What cannot be read is an outcome.
 */
export async function* scan(sources: readonly Source[], options: ScanOptions): AsyncGenerator<ScannedBatch> {
  for (const source of sources) {
    if (source.kind === 'folder') yield* scanFolders(folderAt(source.path, source.location), options)
    else yield scanOneFile(source, options)
  }
}

/** Walks one folder and all that lies in it. */
export async function* scanFolders(root: ScannedFolder, options: ScanOptions): AsyncGenerator<ScannedBatch> {
  const folders = [root]
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const subfolders: ScannedFolder[] = []
    const listed = list(folder)
    if (listed.kind === 'unreadable') yield { ...nothingIn(folder), outcomes: [listed.outcome] }
    else yield* scanNames(folder, listed, subfolders, options)
    folders.push(...subfolders.reverse())
  }
}

async function* scanNames(
  folder: ScannedFolder,
  listed: ListedNames,
  subfolders: ScannedFolder[],
  options: ScanOptions,
): AsyncGenerator<ScannedBatch> {
  if (listed.leftOut > 0) yield { ...nothingIn(folder), leftOut: listed.leftOut }
  for (let index = 0; index < listed.names.length; index += namesAtOnce) {
    options.signal?.throwIfAborted()
    yield look(folder, listed.names.slice(index, index + namesAtOnce), subfolders, options)
    // Looking at files is synchronous, which is several times cheaper; transfers go on in between.
    await setImmediate()
  }
}

function scanOneFile(source: Source, options: ScanOptions): ScannedBatch {
  const slash = source.path.lastIndexOf('/')
  return look(folderAt(source.path.slice(0, slash + 1), ''), [source.path.slice(slash + 1)], [], options)
}

export function folderAt(path: BytePath, location: BytePath): ScannedFolder {
  return { path, location, shown: shownPath(path) }
}

interface ListedNames {
  readonly kind: 'listed'
  readonly names: readonly BytePath[]
  readonly leftOut: number
}

function list(folder: ScannedFolder): ListedNames | { readonly kind: 'unreadable'; readonly outcome: FileOutcome } {
  try {
    const all = readdirSync(bytesOf(folder.path), 'latin1')
    if (all.includes('.photos') && isLibrary(folder.path)) return { kind: 'listed', names: [], leftOut: 1 }
    const names = all.filter((name) => !isLeftOut(name)).sort()
    return { kind: 'listed', names, leftOut: all.length - names.length }
  } catch (error) {
    const reason = `cannot list the folder: ${requireFileErrorReason(error)}`
    return { kind: 'unreadable', outcome: { action: 'failed', path: folder.shown, sizeBytes: 0, reason } }
  }
}

export function nothingIn(folder: ScannedFolder): ScannedBatch {
  return { folder, files: [], outcomes: [], leftOut: 0 }
}

/** Looks at these names of a folder, which are in the order of their bytes. Folders among them are added to `subfolders`. */
export function look(
  folder: ScannedFolder,
  names: readonly BytePath[],
  subfolders: ScannedFolder[],
  options: ScanOptions,
): ScannedBatch {
  const seenAtMs = options.now()
  const files: ScannedFile[] = []
  const outcomes: FileOutcome[] = []
  for (const name of names) {
    const path = joinBytePath(folder.path, name)
    try {
      const stats = lstatSync(bytesOf(path))
      if (stats.isFile()) files.push({ folder, name, fingerprint: fingerprintOf(stats), seenAtMs })
      else if (stats.isDirectory()) subfolders.push(folderAt(path, joinBytePath(folder.location, name)))
      else outcomes.push({ action: 'skipped', path: shownPath(path), sizeBytes: 0, reason: describeSpecial(stats) })
    } catch (error) {
      outcomes.push({ action: 'failed', path: shownPath(path), sizeBytes: 0, reason: requireFileErrorReason(error) })
    }
  }
  return { folder, files, outcomes, leftOut: 0 }
}

function describeSpecial(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link; it is not followed'
  if (stats.isFIFO()) return 'a pipe, not a file'
  if (stats.isSocket()) return 'a socket, not a file'
  return 'a device, not a file'
}

/** Throws again what is not the file's failure. */
function requireFileErrorReason(error: unknown): string {
  const reason = findFileErrorReason(error)
  if (reason === undefined) throw error
  return reason
}
