import { lstatSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import { findFileErrorReason } from './file-error.ts'
import { isLeftOut } from './left-out.ts'
import { isLibrary } from './library-mark.ts'
import { folderAt, look, nothingIn, type ScannedBatch, type ScannedFolder, type ScanOptions, scanFolders } from './scan.ts'
import type { Source } from './sources.ts'

/** Absolute paths of files, and of folders with all that lies in them. */
export type ListedPaths = Iterable<BytePath> | AsyncIterable<BytePath>

/** So many paths are looked at in one go, then others get their turn. */
const pathsAtOnce = 500

/**
 * Looks at these paths only, in their order, and gives each file the location that a scan of all sources would give it. What a
 * scan would not come by (junk, what lies behind a link or in a library) is left out here, too. A path that is in none of the
 * sources, or is not there, is a failed outcome. Holds one path at a time.
 */
export async function* scanListed(
  sources: readonly Source[],
  listed: ListedPaths,
  options: ScanOptions,
): AsyncGenerator<ScannedBatch> {
  let sinceTurn = 0
  for await (const path of listed) {
    options.signal?.throwIfAborted()
    yield* scanPath(sources, path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path, options)
    sinceTurn = (sinceTurn + 1) % pathsAtOnce
    if (sinceTurn === 0) await setImmediate()
  }
}

async function* scanPath(sources: readonly Source[], path: BytePath, options: ScanOptions): AsyncGenerator<ScannedBatch> {
  const source = findSource(sources, path)
  const slash = path.lastIndexOf('/')
  if (source === undefined) return yield failedAt(path, 'lies in none of the folders of this run')
  if (source.path === path) {
    if (source.kind === 'file') yield look(folderAt(path.slice(0, slash + 1), ''), [path.slice(slash + 1)], [], options)
    else yield* scanFolders(folderAt(path, source.location), options)
    return
  }
  const folder = findFolder(source, path.slice(0, slash))
  if ('batch' in folder) return yield folder.batch
  if (isLeftOut(path.slice(slash + 1))) return yield { ...nothingIn(folder.folder), leftOut: 1 }
  const subfolders: ScannedFolder[] = []
  yield look(folder.folder, [path.slice(slash + 1)], subfolders, options)
  for (const subfolder of subfolders) yield* scanFolders(subfolder, options)
}

/** The innermost one: a hidden folder may be a source beside the one that it lies in. */
function findSource(sources: readonly Source[], path: BytePath): Source | undefined {
  const around = sources.filter((source) => source.path === path || path.startsWith(joinBytePath(source.path, '')))
  return around.sort((one, other) => other.path.length - one.path.length)[0]
}

/** The folder as a scan comes to it from its source, or what is told instead where a scan would not. */
function findFolder(source: Source, path: BytePath): { readonly folder: ScannedFolder } | { readonly batch: ScannedBatch } {
  const root = folderAt(source.path, source.location)
  let folder = root
  for (const name of path.slice(root.path.length).split('/')) {
    if (name === '') continue
    if (isLibrary(folder.path) || isLeftOut(name)) return { batch: { ...nothingIn(folder), leftOut: 1 } }
    folder = folderAt(joinBytePath(folder.path, name), joinBytePath(folder.location, name))
    const obstacle = findObstacle(folder)
    if (obstacle) return { batch: obstacle }
  }
  return isLibrary(folder.path) ? { batch: { ...nothingIn(folder), leftOut: 1 } } : { folder }
}

function findObstacle({ path }: ScannedFolder): ScannedBatch | undefined {
  try {
    const stats = lstatSync(bytesOf(path))
    if (stats.isDirectory()) return undefined
    return failedAt(path, stats.isSymbolicLink() ? 'a symbolic link; it is not followed' : 'no folder')
  } catch (error) {
    const reason = findFileErrorReason(error)
    if (reason === undefined) throw error
    return failedAt(path, reason)
  }
}

function failedAt(path: BytePath, reason: string): ScannedBatch {
  const folder = folderAt(path.slice(0, path.lastIndexOf('/') + 1), '')
  return { ...nothingIn(folder), outcomes: [{ action: 'failed', path: shownPath(path), sizeBytes: 0, reason }] }
}
