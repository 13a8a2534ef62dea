import { lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { type BytePath, bytePathOf } from '../byte-path.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { findLeftOutCause } from './left-out.ts'
import { refuseLibrary } from './library-mark.ts'

/** A folder to walk, or one file to take. */
export interface Source {
  readonly kind: 'folder' | 'file'
  /** Absolute. */
  readonly path: BytePath
  /** What the locations of its files begin with; for a file, its whole location. */
  readonly location: BytePath
}

interface Candidate extends Source {
  readonly realPath: BytePath
}

/**
 * The folders and files that the user named, without those that another one already covers. A symbolic link that is named
 * here is followed, as nowhere else. Throws a `UserError` with exit code 4 for a source that is missing: an unmounted disk
 * is not "nothing to do"; and with exit code 2 for one that is, or lies in, a library or `ownLibrary`, which need not be there yet.
 */
export function findSources(paths: readonly string[], ownLibrary?: string, takesHidden = false): readonly Source[] {
  const candidates = paths.map(findCandidate)
  const library = ownLibrary === undefined ? undefined : realPathOf(ownLibrary)
  for (const { realPath } of candidates) refuseLibrary(realPath, library)
  return candidates.filter((candidate, index) => {
    const isRepeated = candidates.slice(0, index).some((other) => other.realPath === candidate.realPath)
    return !isRepeated && !candidates.some((other) => covers(other, candidate, takesHidden))
  })
}

function findCandidate(path: string): Candidate {
  try {
    const absolute = resolve(path)
    const kind = statSync(absolute).isDirectory() ? 'folder' : 'file'
    const realPath = realpathSync(absolute, { encoding: 'latin1' })
    // A linked file is opened by its own name, since originals are never opened through a link.
    if (kind === 'file' && lstatSync(absolute).isSymbolicLink()) {
      return { kind, path: realPath, location: realPath.slice(realPath.lastIndexOf('/') + 1), realPath }
    }
    return { kind, path: bytePathOf(absolute), location: bytePathOf(basename(absolute)), realPath }
  } catch (cause) {
    throw new UserError(`cannot find ${path}`, {
      exitCode: exitCodes.sourceMissing,
      hint: 'is its disk mounted? check the path and run the command again',
      cause,
    })
  }
}

/** Without links, as far as it exists. */
function realPathOf(path: string): BytePath {
  try {
    return realpathSync(path, { encoding: 'latin1' })
  } catch {
    return bytePathOf(resolve(path))
  }
}

/** Whether the scan of one source comes by the other one, too. */
function covers(folder: Candidate, other: Candidate, takesHidden: boolean): boolean {
  if (folder.kind !== 'folder' || folder.realPath === other.realPath) return false
  const inside = folder.realPath === '/' ? '/' : `${folder.realPath}/`
  if (!other.realPath.startsWith(inside)) return false
  return !other.realPath
    .slice(inside.length)
    .split('/')
    .some((name) => findLeftOutCause(name, takesHidden) !== undefined)
}
