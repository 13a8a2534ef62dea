import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BeginUpload } from '../../contract/transfers.ts'
import { unfinishedUploadExpiryDays } from '../../lambda/aws/deployment.ts'
import { openLibraryInTest, openRemoteOf } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { begin, largeBytes, type OriginalInTest, randomOriginal, sendParts, uploadSizes } from './originals-in-test.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** A library by a clock that the test moves. */
async function libraryLater(folder?: string, laterMs = 0) {
  const clock = { laterMs }
  const own = folder ?? (await temporaryFolder())
  const library = await openLibraryInTest(own, { uploadSizes, now: () => new Date(Date.now() + clock.laterMs) })
  return { library, clock, folder: own }
}

test('an abandoned upload leaves nothing behind, and the next one of the same original begins anew', async () => {
  const { library, clock, folder } = await libraryLater()
  const original = randomOriginal(largeBytes)
  const { contentHash, uploadId } = await beginParts(library, original)
  await sendParts(library, original, await beginParts(library, original), [1, 9])
  expect(await partFolders(folder)).toEqual([uploadId])

  clock.laterMs = hourMs + 2000
  expect(await library.remote.abandonUploads([{ contentHash, uploadId }])).toEqual([{ kind: 'gone', contentHash }])
  expect(await partFolders(folder)).toEqual([])
  expect(await library.remote.abandonUploads([{ contentHash, uploadId }])).toEqual([{ kind: 'gone', contentHash }])
  expect(await library.remote.completeUpload(contentHash, uploadId)).toEqual({ kind: 'unknown' })
  const anew = await beginParts(library, original)
  expect(anew).toMatchObject({ uploadedPartNumbers: [] })
  expect(anew.uploadId).not.toBe(uploadId)
})

test('an upload to which another machine sends parts is left alone', async () => {
  const { library } = await libraryLater()
  const original = randomOriginal(largeBytes)
  const { contentHash, uploadId } = await beginParts(library, original)
  await sendParts(library, original, await beginParts(library, original), [4])
  expect(await library.remote.abandonUploads([{ contentHash, uploadId }])).toEqual([{ kind: 'in-use', contentHash }])
  expect(await beginParts(library, original)).toMatchObject({ uploadId, uploadedPartNumbers: [4] })
})

test('giving up an upload of before does not touch the one that took its place', async () => {
  const { library } = await libraryLater()
  const original = randomOriginal(largeBytes)
  const first = await beginParts(library, original)
  await library.remote.abandonUploads([first].map(({ contentHash, uploadId }) => ({ contentHash, uploadId })))
  const second = await beginParts(library, original)
  await library.remote.abandonUploads([first].map(({ contentHash, uploadId }) => ({ contentHash, uploadId })))
  expect((await beginParts(library, original)).uploadId).toBe(second.uploadId)
})

test('nobody can give up the upload of another owner', async () => {
  const { library, folder } = await libraryLater()
  const original = randomOriginal(largeBytes)
  const { contentHash, uploadId } = await beginParts(library, original)
  const stranger = await openRemoteOf('stranger', library)
  expect(await stranger.abandonUploads([{ contentHash, uploadId }])).toEqual([{ kind: 'gone', contentHash }])
  expect(await partFolders(folder)).toEqual([uploadId])
  expect((await beginParts(library, original)).uploadId).toBe(uploadId)
})

test('an unfinished upload is kept over a week, and no longer', async () => {
  const { library, folder } = await libraryLater()
  const original = randomOriginal(largeBytes)
  const { uploadId } = await beginParts(library, original)
  await library.close()

  const { library: inTime } = await libraryLater(folder, unfinishedUploadExpiryDays * dayMs - hourMs)
  expect((await beginParts(inTime, original)).uploadId).toBe(uploadId)
  await inTime.close()

  const { library: tooLate } = await libraryLater(folder, unfinishedUploadExpiryDays * dayMs + hourMs)
  await tooLate.close() // waits for what the start has begun
  expect(await partFolders(folder)).toEqual([])
  const { library: anew } = await libraryLater(folder)
  expect((await beginParts(anew, original)).uploadId).not.toBe(uploadId)
})

async function beginParts(
  { remote }: Awaited<ReturnType<typeof libraryLater>>['library'],
  original: OriginalInTest,
): Promise<Extract<BeginUpload, { kind: 'parts' }>> {
  const begun = await begin(remote, original)
  if (begun.kind !== 'parts') throw new Error(`expected parts, got ${begun.kind}`)
  return begun
}

/** Of every upload in parts that the library's S3 knows, by its id. */
async function partFolders(folder: string): Promise<readonly string[]> {
  return await readdir(join(folder, '.photos', 's3', 'parts'))
}
