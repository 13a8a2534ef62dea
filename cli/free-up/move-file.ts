import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import { utimesArgument } from '../pull/modification-time.ts'
import type { UnfinishedFolder } from '../pull/unfinished-folder.ts'
import { type Fingerprint, fingerprintOf, isSameButForCtime, isSameFile } from '../state/file-record.ts'
import { FileChangedError } from '../sync/file-error.ts'

/** A file that was read, hashed and verified, and is still open. */
export interface OpenFile {
  readonly path: BytePath
  readonly handle: FileHandle
  readonly fingerprint: Fingerprint
  readonly contentHash: ContentHash
}

export interface MoveOptions {
  /** For what is on its way, on the file system of the target. */
  readonly unfinished: UnfinishedFolder
  readonly signal: AbortSignal
  /** `link(2)`; replaced in tests by one of another file system, or of one without hard links. */
  readonly hardLink?: ((existing: Buffer, path: Buffer) => void) | undefined
}

const codesWithoutHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'])

/**
 * Moves a file to a name that nothing has. At every moment it is whole at one of its two names at least, and no other file is ever
 * overwritten or removed: neither one that takes the old name meanwhile nor one that has the new name. Resolves with `taken`, and has
 * changed nothing, where the new name is another file's. Throws a `FileChangedError` when it is not the file any more that was opened.
 */
export async function moveFile(file: OpenFile, to: BytePath, options: MoveOptions): Promise<'moved' | 'taken'> {
  try {
    return moveWithin(file, to, options)
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error
    return await copyAcross(file, to, options)
  }
}

/** Synchronous, so that nothing of this process comes in between. */
function moveWithin(file: OpenFile, to: BytePath, { unfinished, hardLink = linkSync }: MoveOptions): 'moved' | 'taken' {
  requireUnchanged(file)
  try {
    hardLink(bytesOf(file.path), bytesOf(to))
  } catch (error) {
    const code = errorCode(error) ?? ''
    if (codesWithoutHardLinks.has(code)) return renameWhereFree(file, to)
    // One with the very same bytes of the disk is what a killed run has left of this move.
    if (code === 'EEXIST' && !isItself(bytesOf(to), file)) return 'taken'
    if (code !== 'EEXIST') throw error
  }
  if (!isItself(bytesOf(to), file)) {
    unlinkSync(bytesOf(to)) // the link that was just made, to what took the old name meanwhile
    throw changed()
  }
  syncFolderOf(to)
  removeName(file, `${unfinished.newPath(file.contentHash)}.${randomUUID()}${leavingSuffix}`)
  return 'moved'
}

/** With a name that no other run ever gives: what has it could be a file of somebody else, and its only name. */
const leavingSuffix = '.leaving'

/** Finishes what killed runs have begun to take from their old names: they have their new ones as well. */
export function removeLeftNames(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (name.endsWith(leavingSuffix) && lstatSync(path).nlink > 1) unlinkSync(path)
  }
}

/** By a rename, and then a look: what took the old name in the last moment is not lost, but put back. */
function removeName(file: OpenFile, aside: BytePath): void {
  renameSync(bytesOf(file.path), bytesOf(aside))
  if (!isItself(bytesOf(aside), file)) {
    linkSync(bytesOf(aside), bytesOf(file.path))
    unlinkSync(bytesOf(aside))
    throw changed()
  }
  unlinkSync(bytesOf(aside))
  syncFolderOf(file.path)
}

/** For FAT and its like. */
function renameWhereFree(file: OpenFile, to: BytePath): 'moved' | 'taken' {
  if (lstatSync(bytesOf(to), { throwIfNoEntry: false })) return 'taken'
  renameSync(bytesOf(file.path), bytesOf(to))
  if (!isItself(bytesOf(to), file)) {
    renameSync(bytesOf(to), bytesOf(file.path))
    throw changed()
  }
  syncFolderOf(to)
  syncFolderOf(file.path)
  return 'moved'
}

/** To another file system: copied, hashed on the way, and brought to the disk before the old name goes. */
async function copyAcross(file: OpenFile, to: BytePath, { unfinished, signal }: MoveOptions): Promise<'moved' | 'taken'> {
  const part = unfinished.newPath(file.contentHash)
  try {
    await copyWhole(file, part, signal)
    requireUnchanged(file)
    if (!putInPlace(part, to)) return 'taken'
  } finally {
    await rm(bytesOf(part), { force: true })
  }
  syncFolderOf(to)
  // In one tick: between this look and the removal there is no more than two calls of the system.
  requireUnchanged(file)
  if (!isItself(bytesOf(file.path), file)) throw changed()
  unlinkSync(bytesOf(file.path))
  syncFolderOf(file.path)
  return 'moved'
}

const bufferBytes = 2 * 1024 * 1024

async function copyWhole({ handle, contentHash }: OpenFile, part: BytePath, signal: AbortSignal): Promise<void> {
  const stats = await handle.stat({ bigint: true })
  const copy = await open(bytesOf(part), 'wx', Number(stats.mode & 0o777n))
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafeSlow(bufferBytes)
    for (let position = 0; ; ) {
      signal.throwIfAborted()
      const { bytesRead } = await handle.read(buffer, 0, bufferBytes, position)
      if (bytesRead === 0) break
      hash.update(buffer.subarray(0, bytesRead))
      await copy.appendFile(buffer.subarray(0, bytesRead))
      position += bytesRead
    }
    if (contentHashOf(hash.digest()) !== contentHash) throw changed()
    const time = utimesArgument(stats.mtimeNs / 1000n)
    await copy.utimes(time, time)
    await copy.sync()
  } finally {
    await copy.close()
  }
}

function putInPlace(part: BytePath, to: BytePath): boolean {
  try {
    linkSync(bytesOf(part), bytesOf(to))
    return true
  } catch (error) {
    const code = errorCode(error) ?? ''
    if (code === 'EEXIST') return false
    if (!codesWithoutHardLinks.has(code)) throw error
    if (lstatSync(bytesOf(to), { throwIfNoEntry: false })) return false
    renameSync(bytesOf(part), bytesOf(to))
    return true
  }
}

/** Throws a `FileChangedError` when the open file is not as it was read. */
function requireUnchanged({ handle, fingerprint }: OpenFile): void {
  if (!isSameFile(fingerprintOf(fstatSync(handle.fd)), fingerprint)) throw changed()
}

/** Whether a name is one of the open file's. A new name of it changes its ctime, so that this is not compared. */
function isItself(path: Buffer, { fingerprint }: OpenFile): boolean {
  const stats: Stats | undefined = lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && isSameButForCtime(fingerprintOf(stats), fingerprint)
}

function changed(): FileChangedError {
  return new FileChangedError('changed while it was moved; run again')
}

/**
 * Brings the name of a file or a folder to the disk: it is durable only once the folder that it lies in is. Windows cannot open
 * folders, and does not need it.
 */
export function syncFolderOf(path: BytePath): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(bytesOf(path.slice(0, path.lastIndexOf('/')) || '/'), 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
