import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { contentHashSchema } from '../../../contract/content-hash.ts'
import { createS3Client } from '../../../lambda/aws/clients.ts'
import { environmentSchema } from '../../../lambda/aws/environment.ts'
import { openStorageBucket } from '../../../lambda/aws/storage-bucket.ts'

const contentHash = contentHashSchema.parse('a'.repeat(64))

/** A storage bucket whose requests are taken down, and all answered alike. */
async function openRecordedBucket() {
  const requests: { readonly method: string | undefined; readonly headers: IncomingHttpHeaders }[] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method, headers: request.headers })
    request.resume().on('end', () => response.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const environment = environmentSchema.parse({
    AWS_REGION: 'us-east-1',
    PHOTOS_REMOTE_ID: 'remote',
    PHOTOS_UPLOAD_BUCKET: 'uploads',
    PHOTOS_STORAGE_BUCKET: 'storage',
    PHOTOS_INDEX_TABLE: 'index',
    PHOTOS_ISSUER: 'https://issuer.example',
    PHOTOS_CLIENT_ID: 'client',
    PHOTOS_IDENTITY_POOL_ID: 'pool',
    PHOTOS_SIGN_IN_URL: 'https://sign-in.example',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
  })
  const client = createS3Client(environment, { credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } })
  onTestFinished(() => client.destroy())
  return { requests, bucket: openStorageBucket(client, environment) }
}

test('all that is put carries a SHA-256: a bucket with Object Lock takes nothing without a checksum', async () => {
  const { requests, bucket } = await openRecordedBucket()
  await bucket.putOriginal('originals/A/HASH.jpg', Buffer.from('bytes'), contentHash, 'image/jpeg')
  await bucket.streamOriginal('originals/A/HASH.mov', Readable.from([Buffer.from('bytes')]), 'video/quicktime')
  await bucket.putRendition('renditions/A/HASH/view.webp', Buffer.from('bytes'))
  await bucket.putJournal('locations/A/ID.json', '{}')
  await bucket.putProbe('probes/A/HASH.png', Buffer.from('bytes'), contentHash, 'image/png')

  expect(requests.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT', 'PUT', 'PUT'])
  expect(requests.filter(({ headers }) => headers['x-amz-checksum-sha256'] === undefined)).toEqual([])
})

test('nothing but the journal, which has a name of its own each time, is put where something may be already', async () => {
  const { requests, bucket } = await openRecordedBucket()
  await bucket.putOriginal('originals/A/HASH.jpg', Buffer.from('bytes'), contentHash, 'image/jpeg')
  await bucket.streamOriginal('originals/A/HASH.mov', Readable.from([Buffer.from('bytes')]), 'video/quicktime')
  await bucket.putRendition('renditions/A/HASH/view.webp', Buffer.from('bytes'))
  await bucket.putProbe('probes/A/HASH.png', Buffer.from('bytes'), contentHash, 'image/png')

  expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*', '*', '*'])
})
