import { randomUUID } from 'node:crypto'
import type { ContentHash } from '../../contract/content-hash.ts'
import { trashJournalKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { ListEntry, ListPhotosQuery, ListPhotosResponse } from '../../contract/photos.ts'
import type { Restored, Trashed } from '../../contract/trash.ts'
import type { Backend } from '../backend.ts'
import { listEntryOf, type PhotoRecord, withTrashedAt } from './photo-record.ts'

/**
 * Puts photos into the trash. Their originals and renditions stay, and so does what is known of them: nothing of a client's
 * deletes an original. Those that are there already keep their time.
 */
export async function trashPhotos(
  owner: Owner,
  contentHashes: readonly ContentHash[],
  backend: Backend,
): Promise<readonly Trashed[]> {
  const trashedAt = backend.now().toISOString()
  const records = await change(owner, contentHashes, { trashedAt }, backend)
  return contentHashes.map((contentHash): Trashed => {
    const record = records.get(contentHash)
    if (record === undefined) return { kind: 'unknown', contentHash }
    return { kind: 'trashed', contentHash, trashedAt: record.trashedAt ?? trashedAt }
  })
}

/** Takes photos out of the trash: they are listed again, and asked for again where their originals are gone. */
export async function restorePhotos(
  owner: Owner,
  contentHashes: readonly ContentHash[],
  backend: Backend,
): Promise<readonly Restored[]> {
  const records = await change(owner, contentHashes, { trashedAt: undefined }, backend)
  return contentHashes.map((contentHash) => ({ kind: records.has(contentHash) ? 'restored' : 'unknown', contentHash }))
}

/** One page of what is in the trash, each photo followed by the first of its locations. */
export async function listTrash(owner: Owner, query: ListPhotosQuery, backend: Backend): Promise<ListPhotosResponse> {
  const page = await backend.list.page(owner, query)
  const entries = page.entries.map(async (entry): Promise<readonly ListEntry[]> => {
    if (entry.kind === 'location') return [entry]
    const locations = await backend.index.findLocations(owner, entry.photo.contentHash)
    return [entry, ...locations.map(listEntryOf)]
  })
  return { ...page, entries: (await Promise.all(entries)).flat() }
}

interface TrashState {
  readonly trashedAt: string | undefined
}

/**
 * First into the journal beside the originals, from which the index can be rebuilt, then into the index. Resolves with the
 * photos that are known, as they were before.
 */
async function change(
  owner: Owner,
  contentHashes: readonly ContentHash[],
  to: TrashState,
  backend: Backend,
): Promise<ReadonlyMap<ContentHash, PhotoRecord>> {
  const known = await backend.index.find(owner, contentHashes)
  const others = [...known.values()].filter(({ trashedAt }) => (trashedAt === undefined) !== (to.trashedAt === undefined))
  if (others.length === 0) return known
  await writeDown(owner, others, to, backend)
  await Promise.all(others.map((record) => changeOne(record, to, backend)))
  return known
}

async function writeDown(owner: Owner, records: readonly PhotoRecord[], to: TrashState, backend: Backend): Promise<void> {
  const id = `${backend.now().toISOString()}-${randomUUID()}`
  const lines = records.map(({ photo }) => ({ content_hash: photo.contentHash, trashed_at: to.trashedAt ?? null }))
  await backend.storage.putJournal(trashJournalKey(owner, id), JSON.stringify({ photos: lines }))
}

/** Another version may be indexed meanwhile, which is rare, and comes to its end. */
async function changeOne(record: PhotoRecord, { trashedAt }: TrashState, backend: Backend): Promise<void> {
  const { contentHash } = record.photo
  let latest: PhotoRecord | undefined = record
  while (latest !== undefined && !(await backend.index.replace(withTrashedAt(latest, trashedAt)))) {
    latest = (await backend.index.find(record.owner, [contentHash])).get(contentHash)
  }
}
