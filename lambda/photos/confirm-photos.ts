import { randomUUID } from 'node:crypto'
import type { ContentHash } from '../../contract/content-hash.ts'
import { locationJournalKey, uploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { Confirmation, ConfirmCandidate } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import type { PhotoRecord } from './photo-record.ts'

type KnownPhotos = ReadonlyMap<ContentHash, PhotoRecord>

/** Says of each photo whether it is indexed, and remembers where those that are were found. */
export async function confirmPhotos(
  owner: Owner,
  photos: readonly ConfirmCandidate[],
  backend: Backend,
): Promise<readonly Confirmation[]> {
  const known = await backend.index.find(owner, hashesOf(photos))
  const waiting = new Map(
    await Promise.all(
      photos.filter((photo) => !known.has(photo.contentHash)).map((photo) => arrivalOf(owner, photo.contentHash, backend)),
    ),
  )
  // A photo is indexed before its upload is removed: one that is neither here nor there may have been indexed meanwhile.
  const gone = [...waiting].filter(([, arrived]) => !arrived).map(([contentHash]) => contentHash)
  const indexed = new Map([...known, ...(await backend.index.find(owner, gone))])

  await rememberLocations(owner, photos, indexed, backend)
  return await Promise.all(
    photos.map(async ({ contentHash }): Promise<Confirmation> => {
      if (indexed.has(contentHash)) return { kind: 'stored', contentHash }
      if (waiting.get(contentHash)) return { kind: 'processing', contentHash }
      const reason = await backend.index.findRejection(owner, contentHash)
      return reason === undefined ? { kind: 'missing', contentHash } : { kind: 'rejected', contentHash, reason }
    }),
  )
}

async function arrivalOf(owner: Owner, contentHash: ContentHash, backend: Backend): Promise<readonly [ContentHash, boolean]> {
  const arrival = await backend.uploads.findArrival(uploadKey(owner, contentHash))
  return [contentHash, arrival !== undefined]
}

/** First into the journal beside the originals, from which the index can be rebuilt, then into the index. */
async function rememberLocations(
  owner: Owner,
  photos: readonly ConfirmCandidate[],
  indexed: KnownPhotos,
  backend: Backend,
): Promise<void> {
  const found = photos.flatMap(({ contentHash, locations }) => {
    const record = indexed.get(contentHash)
    return record === undefined ? [] : locations.map((location) => ({ record, location }))
  })
  if (found.length === 0) return
  const lines = found.map(({ record, location }) => ({ content_hash: record.photo.contentHash, ...location }))
  const id = `${backend.now().toISOString()}-${randomUUID()}`
  await backend.storage.putJournal(locationJournalKey(owner, id), JSON.stringify({ locations: lines }))
  await backend.index.putLocations(found)
}

function hashesOf(photos: readonly ConfirmCandidate[]): readonly ContentHash[] {
  return photos.map((photo) => photo.contentHash)
}
