import type { ContentHash } from '../../contract/content-hash.ts'
import type { Owner } from '../../contract/owner.ts'
import type { Backend } from '../backend.ts'
import type { PhotoRecord } from './photo-record.ts'

/**
 * Those photos that are indexed and whose originals are there, at their full length. Nothing is called stored from the
 * index alone: what somebody took out of the storage is then sent again. One HEAD a photo. What is in the trash (its record
 * has a `trashedAt`) is found without a look: it is not to be sent again, whatever became of it; and so are those that were
 * `toldStored`, because their owner's client was told minutes ago, after a look.
 */
export async function findStored(
  owner: Owner,
  contentHashes: readonly ContentHash[],
  backend: Backend,
  toldStored: ReadonlySet<ContentHash> = new Set(),
): Promise<ReadonlyMap<ContentHash, PhotoRecord>> {
  const indexed = [...(await backend.index.find(owner, contentHashes))]
  const isThere = await Promise.all(
    indexed.map(
      async ([contentHash, { originalKey, photo, trashedAt }]) =>
        trashedAt !== undefined || toldStored.has(contentHash) || (await backend.storage.has(originalKey, photo.sizeBytes)),
    ),
  )
  return new Map(indexed.filter((_, position) => isThere[position]))
}
