import sharp from 'sharp'
import { expect, test } from 'vitest'
import type { Session } from '../../cli/session/session.ts'
import type { ContentHash } from '../../contract/content-hash.ts'
import type { ListEntry, Location } from '../../contract/photos.ts'
import { type DownloadsRequest, type DownloadsResponse, downloadsResponseSchema } from '../../contract/transfers.ts'
import { collect } from '../collect.ts'
import { accessTokenOf, type LibraryInTest, openLibraryInTest, openRemoteOf, sessionOf } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import {
  begin,
  largeBytes,
  type OriginalInTest,
  originalOf,
  randomOriginal,
  send,
  store,
  uploadSizes,
} from './originals-in-test.ts'

test('photos are listed by the clock where they were taken, each with its locations, undated ones last', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const undated = await stored(library, 'undated')
  const evening = await stored(library, 'evening', '2021:06:30 23:59:59', '-10:00')
  const morning = await stored(library, 'morning', '2021:07:01 00:00:00', '+12:00')

  const everything = await collect(library.remote.listPhotos({}))
  expect(everything.map((entry) => entry.kind)).toEqual(['photo', 'location', 'photo', 'location', 'photo', 'location'])
  expect(photosOf(everything)).toEqual([evening, morning, undated])
  expect(photosOf(await collect(library.remote.listPhotos({ before: '2021-07-01T00:00:00' })))).toEqual([evening])
  expect(photosOf(await collect(library.remote.listPhotos({ from: '2021-07-01T00:00:00' })))).toEqual([morning])
  expect(photosOf(await collect(library.remote.listPhotos({ undated: true })))).toEqual([undated])
})

test('a list goes on over its pages, within one photo too', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const contentHash = await stored(library, 'everywhere', '2020:01:01 00:00:00')
  const locations = Array.from({ length: 1100 }, (_, index) => locationAt(`copy ${index}.jpg`))
  for (let first = 0; first < locations.length; first += 100) {
    await library.remote.confirm([{ contentHash, locations: locations.slice(first, first + 100) }])
  }
  const entries = await collect(library.remote.listPhotos({}))
  expect(photosOf(entries)).toEqual([contentHash])
  expect(entries.filter((entry) => entry.kind === 'location')).toHaveLength(1101)
})

test('confirm tells stored from processing, missing and rejected', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const contentHash = await stored(library, 'here')
  const missing = randomOriginal(10).candidate.contentHash
  const waiting = randomOriginal(10)
  library.backend.queue.send = async () => {}
  await send(library, waiting)
  const asked = [contentHash, missing, waiting.candidate.contentHash].map((hash) => ({ contentHash: hash, locations: [] }))
  expect((await library.remote.confirm(asked, { checkUploads: true })).map((answer) => answer.kind)).toEqual([
    'stored',
    'missing',
    'processing',
  ])
})

test('a location that is confirmed again stays one location', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const contentHash = await stored(library, 'again')
  const location = locationAt('again.jpg')
  for (const _ of [1, 2, 3]) await library.remote.confirm([{ contentHash, locations: [location] }])
  const found = await library.remote.findPhoto(contentHash)
  expect(found?.locations).toEqual([{ ...location, seenAt: expect.any(String) }])
})

test('a location that is gone says so until it is confirmed again, and only where it was', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const [contentHash, other] = [await stored(library, 'gone'), await stored(library, 'other')]
  const { modificationTime: _, ...key } = locationAt('gone.jpg')
  const sayGone = () =>
    library.remote.confirm([
      { contentHash, locations: [], gone: [key, { ...key, path: 'never-was.jpg' }] },
      { contentHash: other, locations: [], gone: [key] },
    ])
  const goneOf = async (hash: ContentHash) => (await library.remote.findPhoto(hash))?.locations.map(({ gone }) => gone?.replaced)
  expect((await sayGone()).map(({ kind }) => kind)).toEqual(['stored', 'stored'])
  await sayGone()
  expect(await goneOf(contentHash)).toEqual([false])
  expect(await goneOf(other)).toEqual([undefined])
  await library.remote.confirm([{ contentHash, locations: [locationAt('gone.jpg')] }])
  expect(await goneOf(contentHash)).toEqual([undefined])
})

test('a location is of the folder that its path begins in: what is told of one folder says nothing of others', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const contentHash = await stored(library, 'on two cards')
  const path = 'DCIM/IMG_1.JPG'
  const ofBefore = locationAt(path)
  const [card, another] = ['0123456789abcdef', 'fedcba9876543210'].map((sourceId) => ({ ...ofBefore, sourceId }))
  const locations = [ofBefore, card, another].filter((location) => location !== undefined)
  await library.remote.confirm([{ contentHash, locations }])
  const leave = async ({ modificationTime: _, ...place }: Location) => {
    await library.remote.confirm([{ contentHash, locations: [], gone: [place] }])
    const found = (await library.remote.findPhoto(contentHash))?.locations.filter((location) => location.path === path)
    return found
      ?.filter(({ gone }) => gone === undefined)
      .map(({ sourceId }) => sourceId)
      .toSorted()
  }
  const left = []
  for (const location of locations.toReversed()) left.push(await leave(location))
  expect(left).toEqual([['0123456789abcdef', undefined], [undefined], []])
})

test.each([
  ['the same photo, edited', '2021:06:30 12:00:00', '2021:06:30 12:00:00', true],
  ['a version that lost its time', '2021:06:30 12:00:00', undefined, true],
  ['the next photo of that number', '2021:06:30 12:00:00', '2021:07:01 12:00:00', false],
])('what lies at a path now replaces what lay there: %s', async (_what, before, after, replaced) => {
  const library = await openLibraryInTest(await temporaryFolder())
  const [older, newer] = [await stored(library, 'older', before), await stored(library, 'newer', after)]
  const { modificationTime: _, ...key } = locationAt('older.jpg')
  await library.remote.confirm([{ contentHash: older, locations: [], gone: [{ ...key, replacedBy: newer }] }])
  expect((await library.remote.findPhoto(older))?.locations).toMatchObject([{ gone: { replaced } }])
})

test('usage adds up what is stored', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  await Promise.all([store(library, randomOriginal(1000)), store(library, randomOriginal(234))])
  expect(await library.remote.usage()).toEqual({ photos: 2, originalBytes: 1234, renditionBytes: 0 })
})

test('originals and renditions are signed for, what is not there is unknown', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const picture = await pictureOf('signed')
  await store(library, picture)
  const { contentHash } = picture.candidate
  const absent = randomOriginal(10).candidate.contentHash
  const [original, thumbnail, unknown] = await signDownloads(library.session, library, [
    { contentHash, variant: 'original' },
    { contentHash, variant: 'thumbnail' },
    { contentHash: absent, variant: 'original' },
  ])
  expect(Buffer.compare(await download(original), picture.bytes)).toBe(0)
  expect((await sharp(await download(thumbnail)).metadata()).width).toBe(400)
  expect(unknown).toEqual({ kind: 'unknown', contentHash: absent })
})

test('another owner sees, confirms, signs for and resumes nothing of mine', async () => {
  const library = await openLibraryInTest(await temporaryFolder(), { uploadSizes })
  const other = await openRemoteOf('somebody-else', library)
  const mine = await pictureOf('mine')
  await store(library, mine)
  const { contentHash } = mine.candidate

  expect(await collect(other.listPhotos({}))).toEqual([])
  expect(await other.findPhoto(contentHash)).toBeUndefined()
  expect(await other.usage()).toMatchObject({ photos: 0 })
  expect(await other.confirm([{ contentHash, locations: [locationAt('theirs.jpg')] }], { checkUploads: true })).toEqual([
    { kind: 'missing', contentHash },
  ])
  const theirs = await sessionOf('somebody-else', library)
  const asked = [{ contentHash, variant: 'original' }] as const
  expect(await signDownloads(theirs, library, asked)).toEqual([{ kind: 'unknown', contentHash }])
  // Nor may they learn by an upload that somebody has the same picture: they send it themselves.
  expect((await begin(other, mine)).kind).toBe('put')

  const large = randomOriginal(largeBytes)
  const begun = await begin(library.remote, large)
  if (begun.kind !== 'parts') throw new Error('expected parts')
  expect(await other.completeUpload(begun.contentHash, begun.uploadId)).toEqual({ kind: 'unknown' })
  expect(await collect(library.remote.listPhotos({}))).toHaveLength(1)
})

test('a cursor says where a list goes on, never whose list', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  await stored(library, 'mine', '2020:01:01 00:00:00')
  const start = { owner: library.backend.identity.owner, record: 'photo#', captureSort: '1' }
  const url = `${library.backend.url}/v1/photos?cursor=${Buffer.from(JSON.stringify(start)).toString('base64url')}`
  const listAs = async (token: string) => await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()
  expect(await listAs(await library.backend.accessToken())).toMatchObject({ entries: [{}, {}] })
  expect(await listAs(await accessTokenOf('somebody-else', library))).toEqual({ entries: [] })
})

function photosOf(entries: readonly ListEntry[]): readonly ContentHash[] {
  return entries.flatMap((entry) => (entry.kind === 'photo' ? [entry.photo.contentHash] : []))
}

function locationAt(path: string): Location {
  return { device: 'laptop', path, modificationTime: '2020-01-01T00:00:00Z' }
}

/** Stores a picture and confirms it at one location. */
async function stored(library: LibraryInTest, name: string, captureTime?: string, offset?: string): Promise<ContentHash> {
  const original = await pictureOf(name, captureTime, offset)
  await store(library, original)
  const { contentHash } = original.candidate
  await library.remote.confirm([{ contentHash, locations: [locationAt(`${name}.jpg`)] }])
  return contentHash
}

async function pictureOf(name: string, captureTime?: string, offset?: string): Promise<OriginalInTest> {
  const image = sharp({ create: { width: 640, height: 480, channels: 3, background: '#264' } })
  const dated = { ...(captureTime && { DateTimeOriginal: captureTime }), ...(offset && { OffsetTimeOriginal: offset }) }
  return originalOf(
    await image
      .withExif({ IFD0: { ImageDescription: name }, IFD2: dated })
      .jpeg()
      .toBuffer(),
    'image/jpeg',
  )
}

/** As the gallery asks: the CLI signs its downloads itself. */
async function signDownloads(session: Session, { backend }: LibraryInTest, downloads: DownloadsRequest['downloads']) {
  const response = await fetch(`${backend.url}/v1/downloads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await session.accessToken()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ downloads }),
  })
  return downloadsResponseSchema.parse(await response.json()).downloads
}

async function download(signed: DownloadsResponse['downloads'][number] | undefined): Promise<Buffer> {
  if (signed?.kind !== 'ready') throw new Error('nothing was signed')
  return Buffer.from(await (await fetch(signed.request.url)).arrayBuffer())
}
