import { realpathSync, type Stats, statSync } from 'node:fs'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import { requireFileErrorReason } from './file-error.ts'
import { liesInLibrary } from './library-mark.ts'

/** A folder and those around it, innermost first, by what the system knows them by. */
export interface FolderChain {
  readonly device: number
  readonly inode: number
  readonly around: FolderChain | undefined
}

export type FollowedLink =
  | { readonly kind: 'followed'; readonly stats: Stats }
  /** What lies in a library is backed up already. */
  | { readonly kind: 'library' }
  | { readonly kind: 'nowhere'; readonly reason: string }

/** To a file that is no link, the same codes mean something else. */
const reasons = new Map([
  ['ENOENT', 'a symbolic link that leads nowhere'],
  ['ENOTDIR', 'a symbolic link that leads nowhere'],
  ['ELOOP', 'a symbolic link that leads round in a circle'],
])

/** What a symbolic link leads to, wherever that is. */
export function followLink(path: BytePath): FollowedLink {
  try {
    const stats = statSync(bytesOf(path))
    return liesInLibrary(realpathSync(bytesOf(path), 'latin1')) ? { kind: 'library' } : { kind: 'followed', stats }
  } catch (error) {
    return {
      kind: 'nowhere',
      reason: reasons.get(errorCode(error) ?? '') ?? `a symbolic link that cannot be followed: ${requireFileErrorReason(error)}`,
    }
  }
}

export function chainOf({ dev: device, ino: inode }: Stats, around: FolderChain | undefined): FolderChain {
  return { device, inode, around }
}

/** Whether the folder is one of the chain's: to go on there would never end. */
export function isInChain({ dev, ino }: Stats, chain: FolderChain | undefined): boolean {
  for (let folder = chain; folder; folder = folder.around) if (folder.device === dev && folder.inode === ino) return true
  return false
}
