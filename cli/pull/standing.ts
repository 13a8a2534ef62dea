import type { ListedLocation, Photo } from '../../contract/photos.ts'
import type { PhotoGroup } from './photo-groups.ts'

/** How a photo stands, by what the devices have told of its locations. */
export type Standing =
  /** It lies at these locations now, or nobody has ever told where it lies. */
  | { readonly kind: 'present'; readonly group: PhotoGroup }
  /** It was deleted from every device, and from these last. The backup still has it. */
  | { readonly kind: 'gone'; readonly group: PhotoGroup }
  /** A later version lies where it was last. */
  | { readonly kind: 'old-version'; readonly group: PhotoGroup }

interface Seen {
  readonly group: PhotoGroup
  isPresent: boolean
  /** Those that were left last, and by as far as one time tells at the same time. */
  left: readonly ListedLocation[]
}

/**
 * Tells of each photo where it is to lie. What is present comes in groups, as it is listed; of the others nothing is known
 * before the last location has come, and each makes one group. Holds the locations of one group.
 */
export async function* standings(groups: AsyncIterable<PhotoGroup>): AsyncGenerator<Standing> {
  let seen: Seen | undefined
  for await (const group of groups) {
    if (!seen || !isSamePhoto(seen.group.photo, group)) {
      if (seen) yield* whereItWasLast(seen)
      seen = { group, isPresent: group.locations.length === 0, left: [] }
    }
    const present = group.locations.filter(({ gone }) => gone === undefined)
    seen.left = latest([...seen.left, ...group.locations])
    if (present.length === 0 && group.locations.length > 0) continue
    seen.isPresent = true
    yield { kind: 'present', group: { ...group, locations: present } }
  }
  if (seen) yield* whereItWasLast(seen)
}

/** Where a person finds a photo, of the locations at hand: where it lies now, else where it was last; undefined where nobody knows. */
export function findPlace({ locations }: Pick<PhotoGroup, 'locations'>): ListedLocation | undefined {
  return locations.find(({ gone }) => gone === undefined) ?? latest(locations)[0]
}

function isSamePhoto({ contentHash }: Photo, group: PhotoGroup): boolean {
  return group.isContinued && group.photo.contentHash === contentHash
}

/** At most as many as one group holds: with more, the photo comes back at some of its last places. */
function latest(locations: readonly ListedLocation[]): readonly ListedLocation[] {
  const last = locations.reduce((last, { gone }) => (gone !== undefined && gone.at > last ? gone.at : last), '')
  return locations.filter(({ gone }) => gone?.at === last).slice(0, mostLocations)
}

const mostLocations = 100

function* whereItWasLast({ group, isPresent, left }: Seen): Generator<Standing> {
  if (isPresent) return
  const deleted = left.filter(({ gone }) => !gone?.replaced)
  if (deleted.length > 0) yield { kind: 'gone', group: { ...group, isContinued: false, locations: deleted } }
  else yield { kind: 'old-version', group: { ...group, isContinued: false, isOldVersion: true, locations: left } }
}
