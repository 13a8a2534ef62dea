import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import { isSidecar } from './folder-choice.ts'
import { findLeftOutCause, type LeftOutCause, photosIgnoreName } from './left-out.ts'
import { isLibrary } from './library-mark.ts'
import { lookAt, lookAtNames } from './look-at-names.ts'
import { createPhotosBeside, type PhotosBeside } from './photos-beside.ts'
import {
  createWalk,
  type FolderToScan,
  nothingIn,
  obeyPhotosIgnore,
  rootOf,
  type ScannedBatch,
  type ScanOptions,
  scanFolders,
  scanOneFile,
  type Walk,
} from './scan.ts'
import { choosesFiles } from './selection.ts'
import type { Source } from './sources.ts'

/** Absolute paths of files, and of folders with all that lies in them; or what reads them, until the signal is aborted. */
export type ListedPaths = Iterable<BytePath> | ((signal: AbortSignal) => AsyncIterable<BytePath>)

interface ListedWalk extends Walk {
  /** The folders on the way to the last path, which are not asked again. */
  readonly way: FolderToScan[]
  readonly photosBeside: PhotosBeside
}

/** So many paths are looked at in one go, then others get their turn. */
const pathsAtOnce = 500

/**
 * Looks at these paths only, in their order, and gives each file the location that a scan of all sources would give it. What a
 * scan would not come by (junk, what lies behind a link or in a library, what is filtered) is left out here, too. A path that
 * is in none of the sources, or is not there, is a failed outcome. Holds one path and the folders on its way.
 */
export async function* scanListed(
  sources: readonly Source[],
  listed: ListedPaths,
  options: ScanOptions,
): AsyncGenerator<ScannedBatch> {
  const plain = await createWalk(sources, options)
  const photosBeside = createPhotosBeside(plain.selection.takesHidden ?? false, plain.now)
  const walk: ListedWalk = { ...plain, way: [], photosBeside }
  let paths = 0
  const signal = walk.signal ?? new AbortController().signal
  for await (const path of typeof listed === 'function' ? listed(signal) : listed) {
    signal.throwIfAborted()
    yield* scanPath(sources, path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path, walk)
    paths += 1
    if (paths % pathsAtOnce === 0) await setImmediate()
  }
}

async function* scanPath(sources: readonly Source[], path: BytePath, walk: ListedWalk): AsyncGenerator<ScannedBatch> {
  const source = findSource(sources, path)
  if (source === undefined) return yield failedAt(path, 'lies in none of the folders of this run')
  if (source.path === path && source.kind === 'file') return yield await scanOneFile(source, walk)
  if (source.path === path) return yield* scanFolders(rootOf(source, walk), walk)
  const root = joinBytePath(source.path, '')
  const names = path.slice(root.length).split('/')
  const name = names.pop() ?? ''
  const folder = yield* goTo(source, names, walk)
  if (folder !== undefined) yield* scanName(folder, name, walk)
}

/** The innermost one: a hidden folder may be a source beside the one that it lies in. */
function findSource(sources: readonly Source[], path: BytePath): Source | undefined {
  return sources
    .filter((source) => source.path === path || path.startsWith(`${source.path === '/' ? '' : source.path}/`))
    .toSorted((one, other) => other.path.length - one.path.length)[0]
}

/** Goes down to a folder as a scan would, or yields why a scan would not. */
async function* goTo(
  source: Source,
  names: readonly BytePath[],
  walk: ListedWalk,
): AsyncGenerator<ScannedBatch, FolderToScan | undefined> {
  const { way } = walk
  if (way[0]?.path !== source.path) way.splice(0, way.length, yield* enter(rootOf(source, walk), walk))
  for (const [depth, name] of names.entries()) {
    const around = way[depth]
    if (around === undefined) return undefined
    if (way[depth + 1]?.path === joinBytePath(around.path, name)) continue
    way.length = depth + 1
    const folder = findSubfolder(around, name, walk)
    if ('files' in folder) {
      yield folder
      return undefined
    }
    way.push(yield* enter(folder, walk))
  }
  way.length = names.length + 1
  return way.at(-1)
}

/** The folder with its own rules; yields what is to be told of them. */
async function* enter(folder: FolderToScan, walk: Walk): AsyncGenerator<ScannedBatch, FolderToScan> {
  if (!existsSync(bytesOf(joinBytePath(folder.path, photosIgnoreName)))) return folder
  const obedient = await obeyPhotosIgnore(folder, walk)
  if (obedient.outcomes.length > 0) yield { ...nothingIn(folder), outcomes: obedient.outcomes }
  return obedient.folder
}

/** A folder by its name, or what is told instead. */
function findSubfolder(around: FolderToScan, name: BytePath, walk: Walk): FolderToScan | ScannedBatch {
  const leave = (cause: LeftOutCause): ScannedBatch => ({ ...nothingIn(around), leftOut: [{ name, cause }] })
  const cause = findListedCause(name, walk)
  if (cause !== undefined) return leave(cause)
  const found = lookAt(around, name, { ...walk, isNamed: true })
  switch (found.kind) {
    case 'folder': {
      if (isLibrary(found.folder.path)) return leave('libraries')
      return walk.chooser.takesFolder(name, around.rules) ? found.folder : leave('filters')
    }
    case 'library':
      return leave('libraries')
    case 'system':
      return leave('system')
    case 'file':
      return failedAt(joinBytePath(around.path, name), 'no folder')
    case 'other':
      return { ...nothingIn(around), outcomes: [{ ...found.outcome, action: 'failed' }] }
  }
}

async function* scanName(folder: FolderToScan, name: BytePath, walk: ListedWalk): AsyncGenerator<ScannedBatch> {
  const cause = findListedCause(name, walk)
  if (cause !== undefined) return yield { ...nothingIn(folder), leftOut: [{ name, cause }] }
  const choice = await walk.chooser.choose(folder.path, namesBeside(folder, name, walk), folder.rules)
  const subfolders: FolderToScan[] = []
  yield lookAtNames(folder, { names: [name], choice }, subfolders, { ...walk, isNamed: true })
  for (const subfolder of subfolders) yield* scanFolders(subfolder, walk)
}

/** Whether a sidecar is taken may hang on the photo that lies beside it. */
function namesBeside(folder: FolderToScan, name: BytePath, { selection, photosBeside }: ListedWalk): readonly BytePath[] {
  if (!choosesFiles(selection) || !isSidecar(name)) return [name]
  return [name, ...photosBeside.find(folder, name)]
}

function findListedCause(name: BytePath, { selection }: Walk): LeftOutCause | undefined {
  return findLeftOutCause(name, (selection.takesHidden || selection.takesListedHidden) ?? false)
}

function failedAt(path: BytePath, reason: string): ScannedBatch {
  const folder = { path: path.slice(0, path.lastIndexOf('/') + 1), location: '', shown: '' }
  return { ...nothingIn(folder), outcomes: [{ action: 'failed', path: shownPath(path), sizeBytes: 0, reason }] }
}
