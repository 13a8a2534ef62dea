import { Readable } from 'node:stream'
import { CopyObjectCommand } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { expect, test } from 'vitest'
import type { S3Event } from '../../../embedded/s3/s3-event.ts'
import { Probe } from '../../suites/s3/probe.ts'
import { accessKeyId, region, secretAccessKey, serveS3, withTemporaryFolder } from './serve-s3.ts'

const bucket = 'photos-storage'

/** What `use` makes this S3 tell, in order. */
async function eventsOf(use: (probe: Probe) => Promise<unknown>): Promise<readonly S3Event[]> {
  return await withTemporaryFolder(async (folder) => {
    const events: S3Event[] = []
    const now = () => new Date('2026-11-22T10:11:12.345Z')
    const served = await serveS3(folder, { now, onObjectCreated: (event) => void events.push(event) })
    try {
      await use(new Probe({ ...served, region, bucket, credentials: { accessKeyId, secretAccessKey } }))
    } finally {
      await served.close()
    }
    return events
  })
}

/** The server's clock stands still, so requests are signed by the same one. */
const signedAt = new Date('2026-11-22T10:11:12Z')

test("an event has AWS's shape, its key URL-encoded with a plus", async () => {
  const events = await eventsOf((probe) =>
    probe.sendSigned({ method: 'PUT', path: probe.path('uploads/a b+ü(1).jpg'), body: Buffer.from('hello') }, { signedAt }),
  )
  expect(events).toEqual([
    {
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: region,
          eventTime: '2026-11-22T10:11:12.345Z',
          eventName: 'ObjectCreated:Put',
          userIdentity: { principalId: `AWS:${accessKeyId}` },
          requestParameters: { sourceIPAddress: '127.0.0.1' },
          responseElements: { 'x-amz-request-id': expect.stringMatching(/^\w{16}$/), 'x-amz-id-2': expect.any(String) },
          s3: {
            s3SchemaVersion: '1.0',
            configurationId: 'object-created',
            bucket: { name: bucket, ownerIdentity: { principalId: 'photos' }, arn: `arn:aws:s3:::${bucket}` },
            object: {
              key: 'uploads/a+b%2B%C3%BC%281%29.jpg',
              size: 5,
              eTag: '5d41402abc4b2a76b9719d911017c592',
              sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
            },
          },
        },
      ],
    },
  ])
})

test('a refused write tells nothing; each later event has a greater sequencer', async () => {
  const events = await eventsOf(async (probe) => {
    const put = (path: string, headers = {}) =>
      probe.sendSigned({ method: 'PUT', path, headers, body: Buffer.from('x') }, { signedAt })
    await put(probe.path('a'))
    await put(probe.path('a'), { 'if-none-match': '*' })
    await put(probe.path('b'), { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' })
    await put(probe.path('a'))
  })
  const objects = events.map((event) => event.Records[0].s3.object)
  expect(objects.map((object) => object.key)).toEqual(['a', 'a'])
  expect(objects.map((object) => object.sequencer)).toEqual(objects.map((object) => object.sequencer).sort())
  expect(new Set(objects.map((object) => object.sequencer)).size).toBe(2)
})

test('multipart uploads and copies have names of their own', async () => {
  await withTemporaryFolder(async (folder) => {
    const names: string[] = []
    const served = await serveS3(folder, { onObjectCreated: ({ Records: [record] }) => void names.push(record.eventName) })
    const probe = new Probe({ ...served, region, bucket, credentials: { accessKeyId, secretAccessKey } })
    try {
      const Body = Readable.from(Array.from({ length: 6 }, () => Buffer.alloc(1024 ** 2)))
      await new Upload({ client: probe.client, params: { Bucket: bucket, Key: 'big', Body } }).done()
      await probe.client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource: `${bucket}/big` }))
    } finally {
      await served.close()
    }
    expect(names).toEqual(['ObjectCreated:CompleteMultipartUpload', 'ObjectCreated:Copy'])
  })
})

test('an object is stored, and the client told to try again, when its event cannot be kept', async () => {
  await withTemporaryFolder(async (folder) => {
    const errors: unknown[] = []
    const onObjectCreated = () => Promise.reject(new Error('the queue is full'))
    const served = await serveS3(folder, { onObjectCreated, onInternalError: (error) => void errors.push(error) })
    const probe = new Probe({ ...served, region, bucket, credentials: { accessKeyId, secretAccessKey } })
    try {
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path('a'), body: Buffer.from('x') })
      expect([answer.status, answer.code, (await probe.get('a')).toString()]).toEqual([500, 'InternalError', 'x'])
      expect(errors).toEqual([new Error('the queue is full')])
    } finally {
      await served.close()
    }
  })
})
