import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BeginUpload } from '../../contract/transfers.ts'
import { openLibraryInTest, openRemoteOf } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import {
  begin,
  largeBytes,
  largeParts,
  originalOf,
  randomOriginal,
  send,
  sendParts,
  store,
  uploadSizes,
} from './originals-in-test.ts'

test('an original that arrived but is not processed yet is not asked for again', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const original = randomOriginal(1000)
  const contentHash = original.candidate.contentHash
  await send(library, original)
  // Processing goes on meanwhile: either it waits, or it is stored.
  expect(['processing', 'stored']).toContain((await begin(library.remote, original)).kind)
  await library.backend.queue.whenIdle()
  expect(await begin(library.remote, original)).toEqual({ kind: 'stored', contentHash })
})

test('an original too large for the backend is refused with the limit', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const { candidate } = randomOriginal(1)
  const tooLarge = { ...candidate, sizeBytes: library.remote.configuration.maximumOriginalSizeBytes * 2 }
  const [refused] = await library.remote.beginUploads([tooLarge])
  expect(refused).toMatchObject({ kind: 'refused', reason: expect.stringContaining('too large: ') })
})

test('parts survive the client: the next begin names those that are there', async () => {
  const library = await openLibraryInTest(await temporaryFolder(), { uploadSizes })
  const original = randomOriginal(largeBytes)
  const first = expectParts(await begin(library.remote, original))
  await sendParts(library, original, first, [9, 2, 5])

  const second = expectParts(await begin(library.remote, original))
  expect(second).toEqual({ ...first, uploadedPartNumbers: [2, 5, 9] })

  const { contentHash } = original.candidate
  expect(await library.remote.completeUpload(contentHash, second.uploadId)).toEqual({
    kind: 'incomplete',
    missingPartNumbers: [1, 3, 4, 6, 7, 8],
  })
  await sendParts(
    library,
    original,
    second,
    largeParts.filter((part) => !second.uploadedPartNumbers.includes(part)),
  )
  expect(await library.remote.completeUpload(contentHash, second.uploadId)).toEqual({ kind: 'completed' })
  expect(await library.remote.completeUpload(contentHash, second.uploadId)).toEqual({ kind: 'completed' })
  await library.backend.queue.whenIdle()
  expect(await library.remote.confirm([{ contentHash, locations: [] }])).toEqual([{ kind: 'stored', contentHash }])
})

test('an upload that nobody began cannot be completed', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const { contentHash } = randomOriginal(1).candidate
  expect(await library.remote.completeUpload(contentHash, 'nothing')).toEqual({ kind: 'unknown' })
})

test('clients that begin the same large original at once share one upload', async () => {
  const library = await openLibraryInTest(await temporaryFolder(), { uploadSizes })
  const original = randomOriginal(largeBytes)
  const begun = await Promise.all([1, 2, 3, 4].map(async () => expectParts(await begin(library.remote, original)).uploadId))
  expect(new Set(begun).size).toBe(1)
})

test('bytes in parts that are not what the content hash says are rejected, and nothing of them is stored', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder, { uploadSizes })
  const promised = randomOriginal(largeBytes)
  const sent = { bytes: randomOriginal(largeBytes).bytes, candidate: promised.candidate }
  const begun = expectParts(await begin(library.remote, promised))
  await sendParts(library, sent, begun, largeParts)
  const { contentHash } = promised.candidate
  await library.remote.completeUpload(contentHash, begun.uploadId)
  await library.backend.queue.whenIdle()

  const [confirmation] = await library.remote.confirm([{ contentHash, locations: [] }], { checkUploads: true })
  expect(confirmation).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('SHA-256') })
  expect(await originalsIn(folder)).toEqual([])
  expect((await begin(library.remote, promised)).kind).toBe('parts')
})

test('an upload that was never processed is asked for again after an hour', async () => {
  const folder = await temporaryFolder()
  let later = 0
  const library = await openLibraryInTest(folder, { now: () => new Date(Date.now() + later) })
  const original = originalOf(Buffer.from('stuck'), 'image/jpeg')
  library.backend.queue.send = async () => {} // its event is lost
  await send(library, original)
  expect((await begin(library.remote, original)).kind).toBe('processing')
  later = 3_601_000
  expect((await begin(library.remote, original)).kind).toBe('put')
})

test('an upload whose event was lost with the process is processed at the next start', async () => {
  const folder = await temporaryFolder()
  const first = await openLibraryInTest(folder)
  const original = randomOriginal(1000)
  first.backend.queue.send = async () => {}
  await send(first, original)
  await first.close()

  const second = await openLibraryInTest(folder)
  await second.backend.queue.whenIdle()
  expect((await begin(second.remote, original)).kind).toBe('stored')
  expect(await originalsIn(folder)).toHaveLength(1)
})

test('an original that somebody took out of the storage is not called stored, and comes back with the next upload', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const original = randomOriginal(1000)
  const { contentHash } = original.candidate
  await store(library, original)
  const path = join(folder, 'originals', library.backend.identity.owner, `${contentHash}.mp4`)
  await rm(path)

  expect(await library.remote.confirm([{ contentHash, locations: [] }], { checkUploads: true })).toEqual([
    { kind: 'missing', contentHash },
  ])
  await store(library, original)
  expect(await library.remote.confirm([{ contentHash, locations: [] }])).toEqual([{ kind: 'stored', contentHash }])
  expect(original.bytes.equals(await readFile(path))).toBe(true)
})

test('what a client was told just now is looked up in the index, and not looked for in the storage again', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const other = await openRemoteOf('somebody-else', library)
  const [original, unknown] = [randomOriginal(1000), randomOriginal(1000)]
  const { contentHash } = original.candidate
  await store(library, original)
  const location = { device: 'camera', path: 'DCIM/1.mp4', modificationTime: '2021-06-15T12:00:00Z' }
  const told = { contentHash, locations: [location], toldStored: true }
  await rm(join(folder, 'originals', library.backend.identity.owner, `${contentHash}.mp4`)) // a look would find nothing

  expect(await library.remote.confirm([told])).toEqual([{ kind: 'stored', contentHash }])
  expect((await library.remote.findPhoto(contentHash))?.locations).toEqual([expect.objectContaining(location)])
  // Whoever says so of what is not indexed, or is another's, is believed nothing.
  const asked = [{ ...told, contentHash: unknown.candidate.contentHash }]
  expect((await library.remote.confirm(asked, { checkUploads: true })).map(({ kind }) => kind)).toEqual(['missing'])
  expect((await other.confirm([told], { checkUploads: true })).map(({ kind }) => kind)).toEqual(['missing'])
  await library.remote.trash([contentHash])
  expect(await library.remote.confirm([told])).toEqual([{ kind: 'trashed', contentHash }])
  expect((await library.remote.confirm([{ contentHash, locations: [] }])).map(({ kind }) => kind)).toEqual(['trashed'])
})

test('an empty file is an original too', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const original = originalOf(Buffer.alloc(0), 'image/jpeg')
  await store(library, original)
  expect((await begin(library.remote, original)).kind).toBe('stored')
})

function expectParts(begun: BeginUpload) {
  if (begun.kind !== 'parts') throw new Error(`expected parts, got ${begun.kind}`)
  return begun
}

async function originalsIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, 'originals'), { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

test('a confirmation registers thousands of locations without a connection for each', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const original = randomOriginal(100)
  await store(library, original)
  const { contentHash } = original.candidate
  const locationsOf = (part: number) =>
    Array.from({ length: 100 }, (_, index) => ({
      device: 'camera',
      path: `${part}/${index}.jpg`,
      modificationTime: '2021-06-15T12:00:00Z',
    }))
  // One photo may be asked about several times in a batch; a location, too.
  const candidates = Array.from({ length: 20 }, (_, part) => ({ contentHash, locations: locationsOf(part % 19) }))

  const answers = await library.remote.confirm(candidates)

  expect(answers).toEqual(candidates.map(() => ({ kind: 'stored', contentHash })))
  const paths = new Set<string>()
  for await (const entry of library.remote.listPhotos({})) if (entry.kind === 'location') paths.add(entry.location.path)
  expect(paths).toEqual(new Set(Array.from({ length: 19 }, (_, part) => locationsOf(part).map(({ path }) => path)).flat()))
  expect(library.logged).toEqual([])
})
