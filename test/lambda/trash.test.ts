import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ContentHash } from '../../contract/content-hash.ts'
import { collect } from '../collect.ts'
import { type LibraryInTest, openLibraryInTest, openRemoteOf } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { begin, type OriginalInTest, randomOriginal, send, store } from './originals-in-test.ts'

const location = { device: 'laptop', path: 'DCIM/a.mp4', modificationTime: '2020-01-01T00:00:00Z' }

test('a photo in the trash is in no list, counted in no usage, and not asked for again', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const [kept, trashed] = [await confirmed(library), await confirmed(library)]
  const contentHash = hashOf(trashed)

  expect(await library.remote.trash([contentHash])).toEqual([{ kind: 'trashed', contentHash, trashedAt: expect.any(String) }])

  expect(await listed(library)).toEqual([hashOf(kept)])
  expect(await library.remote.usage()).toEqual({ photos: 1, originalBytes: kept.bytes.length, renditionBytes: 0 })
  expect(await begin(library.remote, trashed)).toEqual({ kind: 'trashed', contentHash })
  for (const checkUploads of [false, true]) {
    const asked = [{ contentHash, locations: [{ ...location, path: 'elsewhere.mp4' }] }]
    expect(await library.remote.confirm(asked, { checkUploads })).toEqual([{ kind: 'trashed', contentHash }])
  }
  expect(await collect(library.remote.listPhotos({ trashed: true }))).toEqual([
    expect.objectContaining({ kind: 'photo', trashedAt: expect.any(String), photo: expect.objectContaining({ contentHash }) }),
    { kind: 'location', contentHash, location: expect.objectContaining(location) },
  ])
  expect(library.logged).toEqual([])
})

test('what is restored is as it was before, and its original was never touched', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const original = await confirmed(library)
  const contentHash = hashOf(original)
  const before = await collect(library.remote.listPhotos({}))
  await library.remote.trash([contentHash])
  const path = join(folder, 'originals', library.backend.identity.owner, `${contentHash}.mp4`)
  expect(original.bytes.equals(await readFile(path))).toBe(true)

  expect(await library.remote.restore([contentHash])).toEqual([{ kind: 'restored', contentHash }])

  expect(await collect(library.remote.listPhotos({}))).toEqual(before)
  expect(await collect(library.remote.listPhotos({ trashed: true }))).toEqual([])
  expect(await begin(library.remote, original)).toEqual({ kind: 'stored', contentHash })
})

test('both may be repeated, keep the first time, and say what is unknown', async () => {
  let minutes = 0
  const library = await openLibraryInTest(await temporaryFolder(), { now: () => new Date(Date.now() + minutes * 60_000) })
  const contentHash = hashOf(await confirmed(library))
  const unknown = hashOf(randomOriginal(1))
  const [first] = await library.remote.trash([contentHash])
  minutes = 3
  expect(await library.remote.trash([contentHash, unknown, contentHash])).toEqual([
    first,
    { kind: 'unknown', contentHash: unknown },
    first,
  ])
  for (const _ of [1, 2]) {
    expect(await library.remote.restore([unknown, contentHash])).toEqual([
      { kind: 'unknown', contentHash: unknown },
      { kind: 'restored', contentHash },
    ])
  }
})

test('an upload that was under way, or comes again, does not bring it back', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const original = randomOriginal(1000)
  // A second client has begun to send the same original, and ends after the first one has been processed and trashed.
  const begun = await begin(library.remote, original)
  await store(library, original)
  const contentHash = hashOf(original)
  await library.remote.trash([contentHash])
  if (begun.kind !== 'put') throw new Error('expected a put')
  const body = new Uint8Array(original.bytes)
  expect((await fetch(begun.request.url, { method: 'PUT', headers: begun.request.headers, body })).status).toBe(200)
  await library.backend.queue.whenIdle()

  expect(await listed(library)).toEqual([])
  expect(await begin(library.remote, original)).toEqual({ kind: 'trashed', contentHash })
  expect(library.logged).toEqual([])
})

test('a trash of many pages is listed, and every change lies in a journal beside the originals', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const originals = await Promise.all(Array.from({ length: 30 }, () => confirmed(library, 10)))
  const hashes = originals.map(hashOf)
  await library.remote.trash(hashes)
  const [back = hashOf(randomOriginal(1))] = hashes
  await library.remote.restore([back])

  const entries = await collect(library.remote.listPhotos({ trashed: true }))
  const found = entries.flatMap((entry) => (entry.kind === 'photo' ? [entry.photo.contentHash] : []))
  expect(found.toSorted()).toEqual(hashes.slice(1).toSorted())
  const journal = join(folder, 'trash', library.backend.identity.owner)
  const names = (await readdir(journal)).toSorted()
  const lines = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(journal, name), 'utf8')).photos))
  expect(lines.map((photos) => photos.length)).toEqual([30, 1])
  expect(lines[1]).toEqual([{ content_hash: back, trashed_at: null }])
})

test("another owner's photos cannot be put into the trash, nor out of it", async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const other = await openRemoteOf('somebody-else', library)
  const contentHash = hashOf(await confirmed(library))
  expect(await other.trash([contentHash])).toEqual([{ kind: 'unknown', contentHash }])
  await library.remote.trash([contentHash])
  expect(await other.restore([contentHash])).toEqual([{ kind: 'unknown', contentHash }])
  expect(await collect(other.listPhotos({ trashed: true }))).toEqual([])
  expect(await listed(library)).toEqual([])
})

async function confirmed(library: LibraryInTest, sizeBytes = 1000): Promise<OriginalInTest> {
  const original = randomOriginal(sizeBytes)
  await send(library, original)
  await library.backend.queue.whenIdle()
  await library.remote.confirm([{ contentHash: hashOf(original), locations: [location] }])
  return original
}

function hashOf({ candidate }: OriginalInTest): ContentHash {
  return candidate.contentHash
}

async function listed({ remote }: LibraryInTest): Promise<readonly ContentHash[]> {
  const entries = await collect(remote.listPhotos({}))
  return entries.flatMap((entry) => (entry.kind === 'photo' ? [entry.photo.contentHash] : []))
}
