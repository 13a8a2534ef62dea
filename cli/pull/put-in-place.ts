import { lstatSync, renameSync } from 'node:fs'
import { link, mkdir, unlink } from 'node:fs/promises'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'

/** `link(2)`, which fails where the name is taken; replaced in tests by one of a file system without hard links. */
export type HardLink = (existing: Buffer, path: Buffer) => Promise<void>

const codesWithoutHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'])

/**
 * Moves a finished file to a name that nothing has, and makes the folders above. Resolves with false, and changes nothing,
 * where the name is taken; the file system decides what is the same name, so that its own rules of case and form hold.
 */
export async function putInPlace(finished: BytePath, path: BytePath, hardLink: HardLink = link): Promise<boolean> {
  const from = bytesOf(finished)
  const to = bytesOf(path)
  await mkdir(bytesOf(path.slice(0, path.lastIndexOf('/'))), { recursive: true })
  try {
    await hardLink(from, to)
  } catch (error) {
    const code = errorCode(error) ?? ''
    if (code === 'EEXIST') return false
    if (!codesWithoutHardLinks.has(code)) throw error
    return renameWhereFree(from, to)
  }
  await unlink(from)
  return true
}

/** For FAT and its like. In one tick, so that nothing else of this run comes between the look and the renaming. */
function renameWhereFree(from: Buffer, to: Buffer): boolean {
  if (lstatSync(to, { throwIfNoEntry: false })) return false
  renameSync(from, to)
  return true
}
