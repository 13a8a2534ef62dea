import { findModificationTime } from '../../cli/pull/modification-time.ts'
import { bytePathOfLocation, candidatePaths, nameOf } from '../../cli/pull/targets.ts'
import type { ContentHash } from '../../contract/content-hash.ts'
import type { ListEntry, ListedLocation } from '../../contract/photos.ts'
import type { ToldPlace } from './telling-history.ts'
import type { FileInTree } from './tree.ts'

type ListedPlace = Extract<ListEntry, { kind: 'location' }>

/** An original that a pull is to bring to a path. */
interface Claim {
  readonly contentHash: ContentHash
  readonly path: string
  /** Undefined where nobody has told. */
  readonly modifiedMicroseconds: bigint | undefined
  /** It lies there now: it has the path before those that were deleted. */
  readonly isPresent: boolean
}

/**
 * What a pull of all photos without capture times brings, as ADR 8 says it: each to where it lies; one that lies nowhere to where
 * it was last, unless another version has taken that place. Answers what is wrong with what was pulled, in words.
 */
export function findWrongFiles(listed: readonly ListEntry[], pulled: ReadonlyMap<string, FileInTree>): readonly string[] {
  const places = groupBy(asSeenLast(listed.filter(isPlace)), ({ contentHash }) => contentHash)
  const claims = [...places.values()].flatMap(claimsOf).concat(listed.flatMap((entry) => nameless(entry, places)))
  const wrong: string[] = []
  const expected = new Set<string>()
  for (const [path, claimants] of groupBy(claims, ({ path }) => path)) {
    const owner = ownerOf(path, claimants, pulled)
    if (owner === undefined) wrong.push(`${path} has not the bytes of any of ${claimants.map(describe).join(', ')}`)
    for (const contentHash of new Set(claimants.map(({ contentHash }) => contentHash))) {
      const own = claimants.filter((claim) => claim.contentHash === contentHash)
      const [, beside = ''] = candidatePaths(path, contentHash)
      const name = contentHash === owner ? path : beside
      expected.add(name)
      const file = pulled.get(name)
      if (file?.contentHash !== contentHash) wrong.push(`${name} is missing`)
      else if (!own.some(({ modifiedMicroseconds: told }) => told === undefined || told === file.modifiedMicroseconds))
        wrong.push(`${name} has the modification time ${file.modifiedMicroseconds}`)
    }
  }
  return [...wrong, ...[...pulled.keys()].filter((path) => !expected.has(path)).map((path) => `${path} was not to come`)]
}

/** What a device has told of the places in its folder, which is called `camera`. */
export function placesOf(device: string, listed: readonly ListEntry[]): readonly ToldPlace[] {
  return listed
    .filter(isPlace)
    .filter(({ location }) => location.device === device)
    .map(({ contentHash, location }) => ({
      contentHash,
      path: bytePathOfLocation(location).slice('camera/'.length),
      gone: location.gone,
    }))
}

function isPlace(entry: ListEntry): entry is ListedPlace {
  return entry.kind === 'location'
}

/** A run was killed between sending an original and telling where it lies, and then that was deleted. */
function nameless(entry: ListEntry, places: ReadonlyMap<string, unknown>): readonly Claim[] {
  if (entry.kind !== 'photo' || places.has(entry.photo.contentHash)) return []
  const { contentHash } = entry.photo
  return [{ contentHash, path: nameOf(entry.photo), modifiedMicroseconds: undefined, isPresent: true }]
}

/** With what a device could not tell since it had lost its state: of originals at one place only the last one lies there. */
function asSeenLast(listed: readonly ListedPlace[]): readonly ListedPlace[] {
  return listed.map((place): ListedPlace => {
    const { location, contentHash } = place
    const later = listed.filter(
      (other) => other.contentHash !== contentHash && isSamePlace(other.location, location) && hasTaken(other.location, location),
    )
    const [last] = later.map(({ location }) => location.seenAt ?? '').toSorted((one, other) => (one < other ? 1 : -1))
    if (location.gone !== undefined || last === undefined) return place
    return { ...place, location: { ...location, gone: { at: last, replaced: true } } }
  })
}

function isSamePlace(one: ListedLocation, other: ListedLocation): boolean {
  const isSameFolder = one.sourceId !== undefined && one.sourceId === other.sourceId
  return one.device === other.device && isSameFolder && bytePathOfLocation(one) === bytePathOfLocation(other)
}

function hasTaken({ seenAt = '', gone }: ListedLocation, location: ListedLocation): boolean {
  return seenAt > (location.seenAt ?? '') && gone?.replaced !== true
}

function claimsOf(places: readonly ListedPlace[]): readonly Claim[] {
  const present = places.filter(({ location }) => location.gone === undefined)
  const last = places
    .map(({ location }) => location.gone?.at ?? '')
    .toSorted()
    .at(-1)
  const left = places.filter(({ location: { gone } }) => gone?.at === last && gone?.replaced === false)
  return (present.length > 0 ? present : left).map(({ contentHash, location }) => ({
    contentHash,
    path: bytePathOfLocation(location),
    modifiedMicroseconds: findModificationTime(location.modificationTime),
    isPresent: present.length > 0,
  }))
}

/** Who has the path: one of those who lie there, if any do; which of them, the rule does not say. */
function ownerOf(path: string, claimants: readonly Claim[], pulled: ReadonlyMap<string, FileInTree>): ContentHash | undefined {
  const present = claimants.filter(({ isPresent }) => isPresent)
  const first = present.length > 0 ? present : claimants
  return first.find(({ contentHash }) => contentHash === pulled.get(path)?.contentHash)?.contentHash
}

function describe({ contentHash, isPresent }: Claim): string {
  return `${contentHash.slice(0, 8)} (${isPresent ? 'there' : 'deleted'})`
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
