import { lstatSync, opendirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import { findFileErrorReason } from '../sync/file-error.ts'

/** So many names of a folder are looked at in one go, then others get their turn. */
const namesAtOnce = 2000

/**
 * The names of the folders in a folder, however many files lie beside them; none of one that cannot be read. Throws where the
 * system opens no more.
 */
export async function listSubfolders(path: BytePath): Promise<readonly BytePath[]> {
  try {
    return await readSubfolders(path)
  } catch (error) {
    if (findFileErrorReason(error) === undefined || isExhaustion(error)) throw error
    return []
  }
}

async function readSubfolders(path: BytePath): Promise<readonly BytePath[]> {
  const folder = opendirSync(bytesOf(path), { encoding: 'latin1', bufferSize: 512 })
  try {
    const subfolders: BytePath[] = []
    for (let names = 1; ; names += 1) {
      const entry = folder.readSync()
      if (entry === null) return subfolders
      if (entry.isDirectory()) subfolders.push(entry.name)
      if (names % namesAtOnce === 0) await setImmediate()
    }
  } finally {
    folder.closeSync()
  }
}

/** Whether there is a folder, not a link to one; also false where one may not look. */
export function isFolder(path: BytePath): boolean {
  try {
    return lstatSync(bytesOf(path), { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}

/** The system has no more watches, or open files, for this user. */
export function isExhaustion(error: unknown): boolean {
  return ['ENOSPC', 'EMFILE', 'ENFILE'].includes(errorCode(error) ?? '')
}
