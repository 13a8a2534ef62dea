import type { BytePath } from '../byte-path.ts'
import type { RunEvent } from '../run-event.ts'

/** Why a file or folder is not looked at any further: no failure, and no decision about its content. */
export type LeftOutCause = 'hidden' | 'junk' | 'filters' | 'libraries' | 'system'

export interface LeftOut {
  readonly name: BytePath
  readonly cause: LeftOutCause
  /** Said only where filters leave it out. */
  readonly isFolder?: true
}

/** What says, in gitignore syntax, what of its folder is not to be backed up. */
export const photosIgnoreName = '.photosignore'

const junkNames = new Set([
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  '.@__thumb',
  '.appledouble',
  '.documentrevisions-v100',
  '.ds_store',
  '.fseventsd',
  '.nomedia',
  '.spotlight-v100',
  '.temporaryitems',
  '.thumbnails',
  '.trash',
  '.trashes',
  '@eadir',
  '@recently-snapshot',
  '@recycle',
  'desktop.ini',
  'ehthumbs.db',
  'lost+found',
  'system volume information',
  'thumbs.db',
  photosIgnoreName,
])

/** AppleDouble files, the trash of Linux desktops, and what Android has not yet finished. */
const junkBeginnings = ['._', '.trash-', '.pending-']
/** Half-finished downloads of browsers and of SFTP programs. */
const junkEndings = ['.part', '.crdownload', '.filepart']

/**
 * Why a file or folder of this name is left out without a look, if it is. Junk is what systems, NAS boxes and file managers
 * keep for themselves, and half-finished downloads; it stays out also where hidden names are taken.
 */
export function findLeftOutCause(name: BytePath, takesHidden: boolean): 'hidden' | 'junk' | undefined {
  if (isJunk(name)) return 'junk'
  return name.startsWith('.') && !takesHidden ? 'hidden' : undefined
}

function isJunk(name: BytePath): boolean {
  if (junkEndings.some((ending) => name.endsWith(ending))) return true
  if (name.startsWith('.') && junkBeginnings.some((beginning) => name.toLowerCase().startsWith(beginning))) return true
  return junkNames.has(name.toLowerCase())
}

/** How many were left out, by why. */
export type LeftOutCounts = Map<LeftOutCause, number>

export function countLeftOut(counts: LeftOutCounts, leftOut: readonly LeftOut[]): void {
  for (const { cause } of leftOut) counts.set(cause, (counts.get(cause) ?? 0) + 1)
}

const words: readonly (readonly [LeftOutCause, one: string, more: string])[] = [
  ['hidden', 'hidden', 'hidden'],
  ['junk', 'junk', 'junk'],
  ['filters', 'by filters', 'by filters'],
  ['libraries', 'library of photos', 'libraries of photos'],
  ['system', "folder of the system's own", "folders of the system's own"],
]

/** A note such as `left out: 12 hidden, 3 junk, 40 by filters`; none for nothing. */
export function notesOfLeftOut(counts: LeftOutCounts): readonly RunEvent[] {
  const parts = words.flatMap(([cause, one, more]) => {
    const count = counts.get(cause) ?? 0
    return count === 0 ? [] : [`${count} ${count === 1 ? one : more}`]
  })
  if (parts.length === 0) return []
  return [{ kind: 'note', message: `left out: ${parts.join(', ')}`, verboseTells: 'names them' }]
}
