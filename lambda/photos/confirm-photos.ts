import { randomUUID } from 'node:crypto'
import type { ContentHash } from '../../contract/content-hash.ts'
import { locationJournalKey, uploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import { type GoneLocation, maximumBatchSize } from '../../contract/photos.ts'
import type { Confirmation, ConfirmCandidate, ConfirmRequest } from '../../contract/transfers.ts'
import { isLaterVersion } from '../../contract/versions.ts'
import type { Backend } from '../backend.ts'
import { findStored } from './find-stored.ts'
import type { PhotoRecord } from './photo-record.ts'

type KnownPhotos = ReadonlyMap<ContentHash, PhotoRecord>

/**
 * Says of each photo whether it is stored, and remembers where those that are were found. The others are taken to be on
 * their way, unless `checkUploads` asks to look.
 */
export async function confirmPhotos(
  owner: Owner,
  { photos, checkUploads = false }: ConfirmRequest,
  backend: Backend,
): Promise<readonly Confirmation[]> {
  const toldStored = new Set(hashesOf(photos.filter((photo) => photo.toldStored)))
  const known = await findStored(owner, hashesOf(photos), backend, toldStored)
  const others = hashesOf(photos).filter((contentHash) => !known.has(contentHash))
  const isWaiting = checkUploads ? await findWaiting(owner, others, backend) : new Set(others)
  // A photo is indexed before its upload is removed: one that is neither here nor there may have been indexed meanwhile.
  const gone = others.filter((contentHash) => !isWaiting.has(contentHash))
  const stored = new Map([...known, ...(await findStored(owner, gone, backend))])

  await rememberLocations(owner, photos, stored, backend)
  await forgetLocations(owner, photos, backend)
  return await Promise.all(
    photos.map(async ({ contentHash }): Promise<Confirmation> => {
      const record = stored.get(contentHash)
      if (record !== undefined) return { kind: record.trashedAt === undefined ? 'stored' : 'trashed', contentHash }
      if (isWaiting.has(contentHash)) return { kind: 'processing', contentHash }
      const reason = await backend.index.findRejection(owner, contentHash)
      return reason === undefined ? { kind: 'missing', contentHash } : { kind: 'rejected', contentHash, reason }
    }),
  )
}

/** Those whose bytes are in the upload bucket. */
async function findWaiting(
  owner: Owner,
  contentHashes: readonly ContentHash[],
  backend: Backend,
): Promise<ReadonlySet<ContentHash>> {
  const arrivals = contentHashes.map((contentHash) => backend.uploads.findArrival(uploadKey(owner, contentHash)))
  const found = await Promise.all(arrivals)
  return new Set(contentHashes.filter((_, index) => found[index] !== undefined))
}

/** First into the journal beside the originals, from which the index can be rebuilt, then into the index. */
async function rememberLocations(
  owner: Owner,
  photos: readonly ConfirmCandidate[],
  stored: KnownPhotos,
  backend: Backend,
): Promise<void> {
  const found = photos.flatMap(({ contentHash, locations }) => {
    const record = stored.get(contentHash)
    return record === undefined || record.trashedAt !== undefined ? [] : locations.map((location) => ({ record, location }))
  })
  if (found.length === 0) return
  const lines = found.map(({ record, location }) => ({ content_hash: record.photo.contentHash, ...location }))
  await writeDown(owner, { locations: lines }, backend)
  await backend.index.putLocations(found)
}

/** Written down in the same two places. A location stays where it is known to have been: a photo that is nowhere else comes back there. */
async function forgetLocations(owner: Owner, photos: readonly ConfirmCandidate[], backend: Backend): Promise<void> {
  const gone = photos.flatMap(({ contentHash, gone = [] }) => gone.map((location) => ({ contentHash, location })))
  for (let start = 0; start < gone.length; start += maximumBatchSize) {
    const batch = gone.slice(start, start + maximumBatchSize)
    const versions = await findVersions(owner, batch, backend)
    const lost = batch.map(({ contentHash, location: { replacedBy, ...location } }) => {
      return { contentHash, location, replaced: isNewVersion(versions.get(contentHash), replacedBy && versions.get(replacedBy)) }
    })
    const lines = lost.map(({ contentHash, location, replaced }) => ({ content_hash: contentHash, ...location, replaced }))
    await writeDown(owner, { gone: lines }, backend)
    await backend.index.markGone(owner, lost)
  }
}

interface Gone {
  readonly contentHash: ContentHash
  readonly location: GoneLocation
}

async function findVersions(owner: Owner, gone: readonly Gone[], backend: Backend): Promise<KnownPhotos> {
  const replaced = gone.filter(({ location }) => location.replacedBy !== undefined)
  const older = await backend.index.find(owner, [...new Set(replaced.map(({ contentHash }) => contentHash))])
  const newer = await backend.index.find(owner, [...new Set(replaced.flatMap(({ location }) => location.replacedBy ?? []))])
  return new Map([...older, ...newer])
}

function isNewVersion(older: PhotoRecord | undefined, newer: PhotoRecord | undefined): boolean {
  return older !== undefined && newer !== undefined && isLaterVersion(older.photo, newer.photo)
}

async function writeDown(owner: Owner, lines: object, backend: Backend): Promise<void> {
  const id = `${backend.now().toISOString()}-${randomUUID()}`
  await backend.storage.putJournal(locationJournalKey(owner, id), JSON.stringify(lines))
}

function hashesOf(photos: readonly ConfirmCandidate[]): readonly ContentHash[] {
  return photos.map((photo) => photo.contentHash)
}
