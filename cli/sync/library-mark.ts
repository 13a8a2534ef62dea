import { existsSync } from 'node:fs'
import { type BytePath, bytePathOf, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** What every library has and no other folder. Its originals are backed up already: backed up again they grow with each run. */
const libraryMark: BytePath = bytePathOf('.photos/library.json')

export function isLibrary(folder: BytePath): boolean {
  return existsSync(bytesOf(joinBytePath(folder, libraryMark)))
}

/** Throws a `UserError` with exit code 2 for a path (absolute, without links) that is, or lies in, a library. */
export function refuseLibrary(path: BytePath, ownLibrary: BytePath | undefined): void {
  for (const folder of withParents(path)) {
    if (folder !== ownLibrary && !isLibrary(folder)) continue
    const where = folder === path ? 'is' : `lies in ${shownPath(folder)}, which is`
    throw new UserError(`${shownPath(path)} ${where} a library of photos`, {
      exitCode: exitCodes.usage,
      hint: 'name the folder that the photos came from; to bring photos back type photos pull --to DIR',
    })
  }
}

/** Whether a path (absolute, without links) is a library, or lies in one. */
export function liesInLibrary(path: BytePath): boolean {
  for (const folder of withParents(path)) if (isLibrary(folder)) return true
  return false
}

function* withParents(path: BytePath): Generator<BytePath> {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) yield path.slice(0, end)
}
