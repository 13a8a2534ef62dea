import { randomUUID } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SQSEvent } from 'aws-lambda'
import { expect, test } from 'vitest'
import type { ContentHash } from '../../contract/content-hash.ts'
import { verificationKey } from '../../contract/object-keys.ts'
import type { EmbeddedOptions } from '../../embedded/serve.ts'
import { type LibraryInTest, openLibraryInTest, openRemoteOf } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { largeBytes, largeParts, originalOf, randomOriginal, sendParts, store, uploadSizes } from './originals-in-test.ts'
import { queueEvent, s3Message } from './recorded-events/recorded-events.ts'

test('what is stored is read again: its bytes, where they differ, and where there are none', async () => {
  const world = await openWorld()
  const [good, damaged, lost] = [await world.stored(), await world.stored(), await world.stored()]
  await writeFile(world.fileOf(damaged), Buffer.alloc(5000, 'other bytes'))
  await rm(world.fileOf(lost))
  const unknown = randomOriginal(10).candidate.contentHash

  const verifications = await world.verify([lost, good, unknown, damaged])
  expect(verifications).toEqual([
    { kind: 'missing', contentHash: lost },
    { kind: 'verified', contentHash: good, sizeBytes: 5000, verifiedAt: expect.any(String) },
    { kind: 'unknown', contentHash: unknown },
    { kind: 'differs', contentHash: damaged },
  ])
  expect(world.library.logged).toEqual([
    { level: 'error', event: expect.stringMatching(/original-(missing|differs)/), contentHash: expect.any(String) },
    { level: 'error', event: expect.stringMatching(/original-(missing|differs)/), contentHash: expect.any(String) },
  ])
  expect(await world.waiting()).toEqual([])
})

test('an outcome is told to the request that asked for it, and to no later one', async () => {
  const world = await openWorld()
  const contentHash = await world.stored()
  await world.verify([contentHash])
  await rm(world.fileOf(contentHash))
  expect(await world.verify([contentHash])).toEqual([{ kind: 'missing', contentHash }])
  expect(await world.library.remote.findVerifications(randomUUID(), [contentHash])).toEqual([{ kind: 'processing', contentHash }])
})

test('an original in an archive cannot be read, and says so', async () => {
  const world = await openWorld({ variables: { PHOTOS_STORAGE_CLASS: 'DEEP_ARCHIVE' } })
  const contentHash = await world.stored()
  expect(await world.verify([contentHash])).toEqual([{ kind: 'archived', contentHash }])
})

test('what its owner put into the trash is not verified', async () => {
  const world = await openWorld()
  const contentHash = await world.stored()
  await world.library.remote.trash([contentHash])
  expect(await world.verify([contentHash])).toEqual([{ kind: 'trashed', contentHash }])
})

test('an original larger than memory is read to its end', async () => {
  const world = await openWorld({ uploadSizes })
  const { remote, backend } = world.library
  const original = originalOf(Buffer.alloc(largeBytes, 'photos'), 'video/mp4')
  const { contentHash } = original.candidate
  const [begun] = await remote.beginUploads([original.candidate])
  if (begun?.kind !== 'parts') throw new Error('expected parts')
  await sendParts(world.library, original, begun, largeParts)
  await remote.completeUpload(contentHash, begun.uploadId)
  await backend.queue.whenIdle()
  expect(await world.verify([contentHash])).toMatchObject([{ kind: 'verified', sizeBytes: largeBytes }])
})

test('another user neither has a photo verified nor hears of it', async () => {
  const world = await openWorld()
  const contentHash = await world.stored()
  const other = await openRemoteOf('somebody-else', world.library)
  const verificationId = await other.beginVerification([contentHash])
  await world.library.backend.queue.whenIdle()
  expect(await other.findVerifications(verificationId, [contentHash])).toEqual([{ kind: 'unknown', contentHash }])

  const own = await world.library.remote.beginVerification([contentHash])
  await world.library.backend.queue.whenIdle()
  expect(await other.findVerifications(own, [contentHash])).toEqual([{ kind: 'unknown', contentHash }])
})

test('events that come twice or late, and storage that fails until the last attempt', async () => {
  const world = await openWorld()
  const { backend, remote } = world.library
  const contentHash = await world.stored()
  backend.queue.send = async () => {} // the test hands out its messages itself
  const verificationId = await remote.beginVerification([contentHash])
  const event = (attempt: string) => eventOf(verificationKey(backend.identity.owner, verificationId, contentHash), attempt)
  const kind = async () => (await remote.findVerifications(verificationId, [contentHash]))[0]?.kind

  const folder = join(world.fileOf(contentHash), '..')
  await rm(folder, { recursive: true })
  await writeFile(folder, 'a file where a folder must be')
  expect((await backend.processUpload(event('1'))).batchItemFailures).toHaveLength(1)
  expect(await kind()).toBe('processing')
  expect((await backend.processUpload(event('5'))).batchItemFailures).toHaveLength(1)
  expect(await kind()).toBe('failed')
  expect(await backend.processUpload(event('1'))).toEqual({ batchItemFailures: [] })
  expect(await kind()).toBe('failed')
})

test('outcomes are forgotten after a day, and photos are not', async () => {
  const folder = await temporaryFolder()
  const world = await openWorld({}, folder)
  const contentHash = await world.stored()
  const verificationId = await world.library.remote.beginVerification([contentHash])
  await world.library.backend.queue.whenIdle()
  await world.library.close()
  const kindAfter = async (hours: number) => {
    const { library } = await openWorld({ now: () => new Date(Date.now() + hours * 3_600_000) }, folder)
    await library.close()
    const again = await openWorld({}, folder) // by its clock it would still be told
    const [found] = await again.library.remote.findVerifications(verificationId, [contentHash])
    await again.library.close()
    return found?.kind
  }
  expect(await kindAfter(23)).toBe('verified')
  expect(await kindAfter(25)).toBe('processing') // a photo as before, and nothing told under this id
})

test('a request that a killed process left is answered after the next start', async () => {
  const folder = await temporaryFolder()
  const first = await openWorld({}, folder)
  const contentHash = await first.stored()
  first.library.backend.queue.send = async () => {}
  const verificationId = await first.library.remote.beginVerification([contentHash])
  await first.library.close()
  const next = await openWorld({}, folder)
  await next.library.backend.queue.whenIdle()
  expect(await next.library.remote.findVerifications(verificationId, [contentHash])).toMatchObject([{ kind: 'verified' }])
})

async function openWorld(options: Partial<EmbeddedOptions> = {}, folder?: string) {
  const libraryFolder = folder ?? (await temporaryFolder())
  const library = await openLibraryInTest(libraryFolder, options)
  const { owner } = library.backend.identity
  return {
    library,
    stored: () => storeRandom(library),
    fileOf: (contentHash: ContentHash) => join(libraryFolder, 'originals', owner, `${contentHash}.mp4`),
    /** What waits in the upload bucket. */
    waiting: async () => {
      const entries = await readdir(join(libraryFolder, '.photos', 'uploads'), { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    },
    verify: async (contentHashes: readonly ContentHash[]) => {
      const verificationId = await library.remote.beginVerification(contentHashes)
      await library.backend.queue.whenIdle()
      return await library.remote.findVerifications(verificationId, contentHashes)
    },
  }
}

async function storeRandom(library: LibraryInTest): Promise<ContentHash> {
  const original = randomOriginal(5000)
  await store(library, original)
  return original.candidate.contentHash
}

function eventOf(key: string, attempt: string): SQSEvent {
  const event = queueEvent([s3Message(key)])
  return {
    Records: event.Records.map((record) => ({
      ...record,
      attributes: { ...record.attributes, ApproximateReceiveCount: attempt },
    })),
  }
}
