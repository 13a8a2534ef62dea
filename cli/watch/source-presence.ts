import { statSync } from 'node:fs'
import { bytesOf } from '../byte-path.ts'
import { fingerprintOf, isSameFile } from '../state/file-record.ts'
import type { Source } from '../sync/sources.ts'

/**
 * What became of a source since the last look. `changed`: of one that is a file. `replaced`: another folder, or another disk,
 * is at its path now.
 */
export type SourceChange = 'same' | 'lost' | 'returned' | 'replaced' | 'changed'

export interface SourcePresence {
  isThere(): boolean
  look(): SourceChange
}

/** Follows whether a source is there. Mounting and unmounting a disk tells nobody: it has to be looked at now and then. */
export function followPresence(source: Source): SourcePresence {
  let last = find(source)
  return {
    isThere: () => last !== undefined,
    look() {
      const [before, now] = [last, find(source)]
      last = now
      if (before === undefined || now === undefined) return describeReturn(before !== undefined, now !== undefined)
      if (before.device !== now.device) return 'replaced'
      if (source.kind === 'file') return isSameFile(before, now) ? 'same' : 'changed'
      return before.inode === now.inode ? 'same' : 'replaced'
    },
  }
}

function describeReturn(wasThere: boolean, isThere: boolean): SourceChange {
  if (wasThere === isThere) return 'same'
  return isThere ? 'returned' : 'lost'
}

/** A link that the user named is followed, as by a run. Undefined also where there is a file instead of the folder. */
function find({ path, kind }: Source): ReturnType<typeof fingerprintOf> | undefined {
  try {
    const stats = statSync(bytesOf(path))
    return stats.isDirectory() === (kind === 'folder') ? fingerprintOf(stats) : undefined
  } catch {
    return undefined
  }
}
