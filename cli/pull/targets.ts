import type { ContentHash } from '../../contract/content-hash.ts'
import { extensionOf } from '../../contract/media-types.ts'
import { type ListedLocation, type Location, type Photo, relativePathSchema } from '../../contract/photos.ts'
import { type BytePath, bytePathOf } from '../byte-path.ts'
import { findModificationTime } from './modification-time.ts'
import type { PhotoGroup } from './photo-groups.ts'
import { unfinishedFolderName } from './unfinished-folder.ts'

/** Where one original is to lie below the folder that is pulled into. */
export interface Target {
  readonly path: BytePath
  /** Microseconds since 1970; undefined where no device ever told. */
  readonly modificationTime: bigint | undefined
}

/** A location that must not or cannot be used. */
export interface RefusedTarget {
  readonly shownPath: string
  readonly reason: string
}

export interface Targets {
  readonly targets: readonly Target[]
  readonly refused: readonly RefusedTarget[]
}

/**
 * Where a photo's original belongs: at each of its paths once, whatever the device and the folder, with the modification time
 * that was told last; without any, under its content hash.
 */
export function targetsOf({ photo, locations, isOldVersion }: PhotoGroup): Targets {
  if (locations.length === 0) return { targets: [{ path: nameOf(photo), modificationTime: undefined }], refused: [] }
  const targets = new Map<BytePath, Target>()
  const refused: RefusedTarget[] = []
  for (const location of locations.toSorted(byLastSeen)) {
    const recorded = bytePathOfLocation(location)
    const path = isOldVersion ? withSuffix(recorded, photo.contentHash.slice(0, 8)) : recorded
    const modificationTime = findModificationTime(location.modificationTime)
    const reason =
      findPathProblem(path) ?? (modificationTime === undefined ? 'its recorded modification time is none' : undefined)
    if (reason !== undefined) refused.push({ shownPath: location.path, reason })
    else if (!targets.has(path)) targets.set(path, { path, modificationTime })
  }
  return { targets: [...targets.values()], refused }
}

/** What was registered before the time of that was noted comes last. */
function byLastSeen({ seenAt: one = '' }: ListedLocation, { seenAt: other = '' }: ListedLocation): number {
  if (one === other) return 0
  return one < other ? 1 : -1
}

/** The name of an original of which no path is known: `HASH.jpg`. */
export function nameOf(photo: Photo): string {
  return `${photo.contentHash}${extensionOf(photo.contentType)}`
}

/** The exact bytes of a location's path. */
export function bytePathOfLocation({ path, pathBytes }: Location): BytePath {
  return pathBytes === undefined ? bytePathOf(path) : Buffer.from(pathBytes, 'base64').toString('latin1')
}

function findPathProblem(path: BytePath): string | undefined {
  // A character a byte, so the contract's check holds for the bytes too: they are what the file system gets.
  if (!relativePathSchema.safeParse(path).success) return 'its recorded path would lead out of the folder'
  const [first = ''] = path.split('/')
  return first.toLowerCase() === unfinishedFolderName ? 'its recorded path is where pull keeps unfinished files' : undefined
}

/**
 * The names to try in turn: the path itself, then, where other bytes have that name, `IMG_1 (1a2b3c4d).JPG` with the first
 * digits of the content hash.
 */
export function candidatePaths(path: BytePath, contentHash: ContentHash): readonly BytePath[] {
  return [path, withSuffix(path, contentHash.slice(0, 8)), withSuffix(path, contentHash.slice(0, 32))]
}

function withSuffix(path: BytePath, suffix: string): BytePath {
  const nameStart = path.lastIndexOf('/') + 1
  const dot = path.lastIndexOf('.')
  const end = dot > nameStart ? dot : path.length
  const room = longestNameBytes - (path.length - end) - ` (${suffix})`.length
  return `${path.slice(0, nameStart)}${cutShort(path.slice(nameStart, end), room)} (${suffix})${path.slice(end)}`
}

/** Of nearly every file system. */
const longestNameBytes = 255

/** At most so many bytes, and of UTF-8 no half character. */
function cutShort(name: BytePath, bytes: number): BytePath {
  if (name.length <= bytes) return name
  let end = Math.max(bytes, 1)
  while (end > 1 && /[\x80-\xbf]/.test(name.charAt(end))) end -= 1
  return name.slice(0, end)
}
