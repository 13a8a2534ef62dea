import { setImmediate } from 'node:timers/promises'
import { type BytePath, joinBytePath, shownPath } from '../byte-path.ts'
import type { FileOutcome } from '../run-event.ts'
import type { Fingerprint } from '../state/file-record.ts'
import { type Chooser, createChooser, type FolderRules } from './folder-choice.ts'
import { chainOf, type FolderChain, followLink } from './follow-link.ts'
import type { LeftOut } from './left-out.ts'
import { listFolder } from './list-folder.ts'
import { lookAtNames } from './look-at-names.ts'
import { readPhotosIgnore } from './photos-ignore.ts'
import type { Selection } from './selection.ts'
import type { Source } from './sources.ts'
import { systemDevicesBelow } from './system-mounts.ts'

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
  /** Of what its name leads to, where that is a link. */
  readonly fingerprint: Fingerprint
  /** When it was looked at, in milliseconds since 1970. */
  readonly seenAtMs: number
  /** Its name is a symbolic link that is to be followed. */
  readonly isLinked?: true
}

/** Some of the files of one folder, sorted by name; a large folder comes in several. */
export interface ScannedBatch {
  readonly folder: ScannedFolder
  readonly files: readonly ScannedFile[]
  /** What is no regular file or cannot be looked at. */
  readonly outcomes: readonly FileOutcome[]
  /** Names of the folder; an empty one for the folder itself, as a library is left out as a whole. */
  readonly leftOut: readonly LeftOut[]
}

export interface ScanOptions {
  readonly now: () => number
  readonly selection?: Selection | undefined
  readonly signal?: AbortSignal | undefined
}

/** A folder on the way of a scan. */
export interface FolderToScan extends ScannedFolder {
  readonly rules: FolderRules
  /** Where links are followed: itself and the folders around it. */
  readonly chain: FolderChain | undefined
}

export interface Walk extends ScanOptions {
  readonly selection: Selection
  readonly chooser: Chooser
  /** What lies on these is left out. */
  readonly systemDevices: ReadonlySet<number>
  /** Somebody named what is looked at: what is not there may never have been. */
  readonly isNamed?: true
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
 * Walks the sources depth first, every folder's files before its subfolders, all in the order of their bytes. Follows symbolic
 * links only if the selection says so. Holds the names of one chain of folders and no more. What cannot be read is an outcome.
 */
export async function* scan(sources: readonly Source[], options: ScanOptions): AsyncGenerator<ScannedBatch> {
  const walk = await createWalk(sources, options)
  for (const source of sources) {
    if (source.kind === 'folder') yield* scanFolders(rootOf(source, walk), walk)
    else yield await scanOneFile(source, walk)
  }
}

export async function createWalk(sources: readonly Source[], { selection = {}, ...options }: ScanOptions): Promise<Walk> {
  return { ...options, selection, chooser: await createChooser(selection), systemDevices: systemDevicesBelow(sources) }
}

/** Where the scan of a source begins. */
export function rootOf({ path, location }: Source, { selection, chooser }: Walk): FolderToScan {
  const followed = selection.followsLinks ? followLink(path) : undefined
  const chain = followed?.kind === 'followed' ? chainOf(followed.stats, undefined) : undefined
  return { path, location, shown: shownPath(path), rules: chooser.rootRules, chain }
}

/** Looks at a source that is a file, whatever its name is. */
export async function scanOneFile(source: Source, walk: Walk): Promise<ScannedBatch> {
  const slash = source.path.lastIndexOf('/')
  const folder = rootOf({ ...source, path: source.path.slice(0, slash + 1), location: '' }, walk)
  const names = [source.path.slice(slash + 1)]
  return lookAtNames(folder, { names, choice: await walk.chooser.choose(folder.path, names, folder.rules) }, [], walk)
}

/** Walks one folder and all that lies in it. */
export async function* scanFolders(root: FolderToScan, walk: Walk): AsyncGenerator<ScannedBatch> {
  const folders = [root]
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const subfolders: FolderToScan[] = []
    yield* scanFolder(folder, subfolders, walk)
    for (let subfolder = subfolders.pop(); subfolder; subfolder = subfolders.pop()) folders.push(subfolder)
  }
}

async function* scanFolder(listed: FolderToScan, subfolders: FolderToScan[], walk: Walk): AsyncGenerator<ScannedBatch> {
  const listing = listFolder(listed, walk.selection.takesHidden ?? false)
  if (listing.kind === 'unreadable') return yield { ...nothingIn(listed), outcomes: [listing.outcome] }
  const { folder, outcomes } = listing.hasPhotosIgnore ? await obeyPhotosIgnore(listed, walk) : { folder: listed, outcomes: [] }
  if (listing.leftOut.length + outcomes.length > 0) yield { ...nothingIn(folder), outcomes, leftOut: listing.leftOut }
  const choice = await walk.chooser.choose(folder.path, listing.names, folder.rules)
  for (let index = 0; index < listing.names.length; index += namesAtOnce) {
    walk.signal?.throwIfAborted()
    yield lookAtNames(folder, { names: listing.names.slice(index, index + namesAtOnce), choice }, subfolders, walk)
    // Looking at files is synchronous, which is several times cheaper; transfers go on in between.
    await setImmediate()
  }
}

/** The folder with the rules of its own `.photosignore`. */
export async function obeyPhotosIgnore(
  folder: FolderToScan,
  { chooser }: Walk,
): Promise<{ readonly folder: FolderToScan; readonly outcomes: readonly FileOutcome[] }> {
  const read = readPhotosIgnore(folder.path)
  if (read.kind === 'unreadable') return { folder, outcomes: [read.outcome] }
  return { folder: { ...folder, rules: await chooser.withLines(folder.rules, read.lines) }, outcomes: [] }
}

export function nothingIn(folder: ScannedFolder): ScannedBatch {
  return { folder, files: [], outcomes: [], leftOut: [] }
}
