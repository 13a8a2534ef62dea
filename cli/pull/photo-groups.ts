import { type ListEntry, type ListedLocation, maximumBatchSize, type Photo } from '../../contract/photos.ts'

/** A photo with where it was found. */
export interface PhotoGroup {
  readonly photo: Photo
  /** Where its original lies in the storage bucket. */
  readonly originalKey: string
  /** At most {@link maximumBatchSize}: a photo that was found in more places makes several groups. */
  readonly locations: readonly ListedLocation[]
  /** Whether an earlier group of the same photo came before this one. */
  readonly isContinued: boolean
  /** Later bytes lie at these locations now: this original has their names with its content hash in them. */
  readonly isOldVersion?: true
}

/** Gathers a flat list into photos, a group at a time. */
export async function* photoGroups(entries: AsyncIterable<ListEntry>): AsyncGenerator<PhotoGroup> {
  let group: PhotoGroup | undefined
  for await (const entry of entries) {
    if (entry.kind === 'photo') {
      if (group) yield group
      const { photo, originalKey } = entry
      group = { photo, originalKey, locations: [], isContinued: false }
    } else if (group?.photo.contentHash === entry.contentHash) {
      if (group.locations.length === maximumBatchSize) {
        yield group
        group = { ...group, locations: [], isContinued: true }
      }
      group = { ...group, locations: [...group.locations, entry.location] }
    }
    // A location of a photo that is not listed belongs to one that is being indexed right now.
  }
  if (group) yield group
}
