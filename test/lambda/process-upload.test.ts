import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SQSEvent } from 'aws-lambda'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { uploadKey } from '../../contract/object-keys.ts'
import { type LibraryInTest, openLibraryInTest } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { largeBytes, largeParts, type OriginalInTest, originalOf, send, sendParts, uploadSizes } from './originals-in-test.ts'

test('duplicate events, also at the same time, end as one photo', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const original = await arrived(library)
  const event = eventOf(library, original)
  const responses = await Promise.all([1, 2, 3, 4].map(() => library.backend.processUpload(event)))
  // Of events that run at once, one may find the upload taken away by another: then it comes again, and finds the photo.
  expect(responses.some((response) => response.batchItemFailures.length === 0)).toBe(true)
  expect(await library.backend.processUpload(event)).toEqual({ batchItemFailures: [] })
  expect(await filesIn(folder, 'originals')).toHaveLength(1)
  expect(await filesIn(folder, 'renditions')).toHaveLength(2)
  expect(await library.remote.usage()).toMatchObject({ photos: 1, originalBytes: original.bytes.length })
})

test('a photo that is processed again after a kill keeps its renditions under their names', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const original = await arrived(library)
  const { owner } = library.backend.identity
  const { contentHash } = original.candidate
  // What a process leaves that was killed after its first rendition.
  const renditions = join(folder, 'renditions', owner, contentHash)
  await library.backend.processUpload(eventOf(library, original))
  await rm(join(folder, 'originals', owner, `${contentHash}.jpg`))
  library.backend.queue.send = async () => {}
  await send(library, original)
  await library.backend.processUpload(eventOf(library, original))
  expect((await readdir(renditions)).sort()).toEqual(['thumbnail.webp', 'view.webp'])
})

test('an upload that cannot be stored is given up after the last attempt, and its client hears of it', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const original = await arrived(library)
  const { contentHash } = original.candidate
  await writeFile(join(folder, 'originals'), 'a file where a folder must be')
  const [record] = eventOf(library, original).Records
  if (record === undefined) throw new Error('no record')
  for (const receives of ['1', '4', '5']) {
    const attributes = { ...record.attributes, ApproximateReceiveCount: receives }
    const response = await library.backend.processUpload({ Records: [{ ...record, attributes }] })
    expect(response.batchItemFailures).toHaveLength(1)
    const [answer] = await library.remote.confirm([{ contentHash, locations: [] }], { checkUploads: true })
    expect(answer?.kind).toBe(receives === '5' ? 'rejected' : 'processing')
  }
  expect((await library.remote.beginUploads([original.candidate]))[0]?.kind).toBe('put')
})

test('an event for an upload that is gone is done', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const event = eventOf(library, originalOf(Buffer.from('never sent'), 'image/jpeg'))
  expect(await library.backend.processUpload(event)).toEqual({ batchItemFailures: [] })
})

test('of a batch, the records that failed are named and the others are done', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const original = await arrived(library)
  const good = eventOf(library, original)
  const bad = ['uploads/../originals/a', 'uploads/someone/not-a-hash', 'elsewhere'].map((key) =>
    recordOf(s3Body(key), `bad ${key}`),
  )
  const noJson = recordOf('not JSON', 'no JSON')
  const response = await library.backend.processUpload({ Records: [...bad, ...good.Records, noJson] })
  const failed = response.batchItemFailures.map((failure) => failure.itemIdentifier)
  expect(failed).toEqual([...bad.map((record) => record.messageId), 'no JSON'])
  expect(await library.remote.usage()).toMatchObject({ photos: 1 })
})

test("S3's test event is nothing to do", async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const body = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'photos-uploads' })
  expect(await library.backend.processUpload({ Records: [recordOf(body, 'test event')] })).toEqual({ batchItemFailures: [] })
})

test('a photo that ended the process four times is stored without being looked at again', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const original = await arrived(library)
  const [record] = eventOf(library, original).Records
  if (record === undefined) throw new Error('no record')
  const attributes = { ...record.attributes, ApproximateReceiveCount: '5' }
  await library.backend.processUpload({ Records: [{ ...record, attributes }] })
  const found = await library.remote.findPhoto(original.candidate.contentHash)
  expect(found?.photo).toMatchObject({ renditions: [], reason: expect.stringContaining('ended the process') })
})

test('an original larger than memory is stored as it is, with a reason', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder, { uploadSizes })
  // A picture in front, so that its type is seen, and more bytes than are held in memory behind it.
  const head = await picture()
  const bytes = Buffer.concat([head, Buffer.alloc(largeBytes - head.length, 'photos')])
  const original = originalOf(bytes, 'image/jpeg')
  const begun = (await library.remote.beginUploads([original.candidate]))[0]
  if (begun?.kind !== 'parts') throw new Error('expected parts')
  await sendParts(library, original, begun, largeParts)
  await library.remote.completeUpload(original.candidate.contentHash, begun.uploadId)
  await library.backend.queue.whenIdle()
  const found = await library.remote.findPhoto(original.candidate.contentHash)
  expect(found?.photo).toMatchObject({
    sizeBytes: bytes.length,
    contentType: 'image/jpeg',
    renditions: [],
    reason: 'too large to be decoded',
  })
})

/** A picture in the upload bucket whose event did not reach the queue. */
async function arrived(library: LibraryInTest): Promise<OriginalInTest> {
  const original = originalOf(await picture(), 'image/jpeg')
  library.backend.queue.send = async () => {}
  await send(library, original)
  return original
}

async function picture(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
  return await sharp({ create: { width: 800, height: 500, channels: 3, background: 'black', noise } })
    .jpeg()
    .toBuffer()
}

function eventOf({ backend }: LibraryInTest, { candidate }: OriginalInTest): SQSEvent {
  return { Records: [recordOf(s3Body(uploadKey(backend.identity.owner, candidate.contentHash)), 'one')] }
}

function s3Body(key: string): string {
  return JSON.stringify({
    Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'photos-uploads' }, object: { key } } }],
  })
}

function recordOf(body: string, messageId: string): SQSEvent['Records'][number] {
  const time = '1700000000000'
  return {
    messageId,
    receiptHandle: messageId,
    body,
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: time, SenderId: 's3', ApproximateFirstReceiveTimestamp: time },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:photos-uploads',
    awsRegion: 'us-east-1',
  }
}

async function filesIn(folder: string, name: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}
