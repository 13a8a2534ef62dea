import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type BytePath, bytePathOf, shownPath } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { isLibrary } from '../sync/library-mark.ts'
import { beginningOfReceipts, receiptsName } from './receipts.ts'

/**
 * Where the folder of a quarantine is, without links, as far as it exists. Throws a `UserError` with exit code 2 where it and a source
 * or a library lie in one another: what is moved would be found again, or be taken for stored.
 *
 * @param ownLibrary the library that this run asks, which need not be there
 */
export function requireQuarantine(to: string, sourcePaths: readonly BytePath[], ownLibrary: string): string {
  const quarantine = realPathOf(resolve(to))
  requireFolder(quarantine)
  const own = bytePathOf(quarantine)
  for (const path of sourcePaths) {
    const source = realpathSync(Buffer.from(path, 'latin1'), { encoding: 'latin1' })
    if (isInside(own, source)) throw refusal(`${to} lies in ${shownPath(path)}, from which files are to be moved`)
    if (isInside(source, own)) throw refusal(`${shownPath(path)} lies in ${to}, into which its files are to be moved`)
  }
  const library = bytePathOf(realPathOf(resolve(ownLibrary)))
  for (let folder = own; folder !== ''; folder = folder.slice(0, folder.lastIndexOf('/'))) {
    if (folder === library || isLibrary(folder)) throw refusal(`${to} is, or lies in, a library of photos`)
  }
  for (let folder = dirname(quarantine); folder !== dirname(folder); folder = dirname(folder)) {
    if (isQuarantine(folder)) throw refusal(`${to} lies in ${folder}, into which files were moved aside before`)
  }
  if (isInside(library, own)) throw refusal(`the library in ${ownLibrary} lies in ${to}`)
  return quarantine
}

function requireFolder(path: string): void {
  const there = nearestThere(path)
  if (!statSync(there).isDirectory()) throw refusal(`${there} is not a folder`)
}

/** Whether receipts tell that files were moved there: another file may be called like theirs. */
function isQuarantine(folder: string): boolean {
  const file = join(folder, receiptsName)
  try {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false
    return readStart(file, beginningOfReceipts.length) === beginningOfReceipts
  } catch (error) {
    if (errorCode(error) === 'EACCES') return true // somebody else's: nothing of it can be told from here
    throw error
  }
}

function readStart(file: string, lengthBytes: number): string {
  const start = Buffer.alloc(lengthBytes)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, start)
    return start.toString()
  } finally {
    closeSync(descriptor)
  }
}

function isInside(path: BytePath, folder: BytePath): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

function realPathOf(path: string): string {
  const there = nearestThere(path)
  return join(realpathSync(there), relative(there, path))
}

/** The path itself, or the lowest folder on its way that exists. */
export function nearestThere(path: string): string {
  const parent = dirname(path)
  return existsSync(path) || parent === path ? path : nearestThere(parent)
}

function refusal(message: string): UserError {
  return new UserError(message, {
    exitCode: exitCodes.usage,
    hint: 'name a folder of its own, beside your photos: photos free-up DIR --to QUARANTINE',
  })
}
