import { createHash } from 'node:crypto'
import type { ListedLocation, Photo } from '../../contract/photos.ts'
import { isLaterVersion } from '../../contract/versions.ts'
import { openKeyFilter } from './key-filter.ts'
import type { PhotoGroup } from './photo-groups.ts'
import { bytePathOfLocation } from './targets.ts'

/** What a device saw last at one of its places. */
interface SeenLast {
  readonly seenAt: string
  readonly photo: Pick<Photo, 'contentHash' | 'captureTime'>
}

/** Marks those locations of a photo as gone at which its device has seen another original since. */
export type MarkSucceeded = (group: PhotoGroup) => PhotoGroup

type List = () => AsyncIterable<PhotoGroup>

/**
 * A device that has lost its local state cannot tell that a file was edited: both originals are listed at one place, and only
 * the one seen last lies there. Finds these, and answers what marks the others as if the device had told of them.
 *
 * @param list everything that may share a place; asked for once, and once more only where some place was seen twice. Memory grows
 *   with such places alone, which are few: the rest is a filter of fixed size.
 */
export async function findSeenLast(list: List): Promise<MarkSucceeded> {
  const seenLast = await findLatest(list, await findSharedPlaces(list))
  return (group) => {
    if (seenLast.size === 0) return group
    return { ...group, locations: group.locations.map((location) => markSucceeded(location, group.photo, seenLast)) }
  }
}

/** No two photos of the list are the same, and neither are two places of one: a location is one place. */
async function findSharedPlaces(list: List): Promise<ReadonlySet<string>> {
  const places = openKeyFilter()
  const shared = new Set<string>()
  for await (const { place } of sightings(list())) {
    if (places.has(place)) shared.add(place.toString('latin1'))
    else places.add(place)
  }
  return shared
}

async function findLatest(list: List, shared: ReadonlySet<string>): Promise<ReadonlyMap<string, SeenLast>> {
  const latest = new Map<string, SeenLast>()
  if (shared.size === 0) return latest
  for await (const { place, seenAt, photo } of sightings(list())) {
    const key = place.toString('latin1')
    if (shared.has(key) && seenAt > (latest.get(key)?.seenAt ?? '')) latest.set(key, { seenAt, photo })
  }
  return latest
}

/**
 * What may have taken a place. Not what has lost it to another version again: that may be the original of before, which the
 * device had in mind all the time and has not told of anew.
 */
async function* sightings(groups: AsyncIterable<PhotoGroup>): AsyncGenerator<SeenLast & { readonly place: Buffer }> {
  for await (const { photo, locations } of groups) {
    const { contentHash, captureTime } = photo
    for (const location of locations) {
      const { seenAt, gone } = location
      const place = findPlaceKey(location)
      if (place === undefined || seenAt === undefined || gone?.replaced) continue
      yield { place, seenAt, photo: { contentHash, captureTime } }
    }
  }
}

function markSucceeded(location: ListedLocation, photo: Photo, seenLast: ReadonlyMap<string, SeenLast>): ListedLocation {
  const { seenAt, gone } = location
  const last = seenLast.get(findPlaceKey(location)?.toString('latin1') ?? '')
  if (gone !== undefined || seenAt === undefined || last === undefined) return location
  if (last.photo.contentHash === photo.contentHash || last.seenAt <= seenAt) return location
  return { ...location, gone: { at: last.seenAt, replaced: isLaterVersion(photo, last.photo) } }
}

/** Of one path of one device. Undefined where it is not known in which folder the path begins: two cards have the same paths. */
function findPlaceKey(location: ListedLocation): Buffer | undefined {
  const { device, sourceId } = location
  if (sourceId === undefined) return undefined
  return createHash('sha256').update(`${device}\0${sourceId}\0`).update(bytePathOfLocation(location), 'latin1').digest()
}
