import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { contentHashOf } from '../../contract/content-hash.ts'
import { environmentSchema } from '../../lambda/aws/environment.ts'
import { openStorageBucket } from '../../lambda/aws/storage-bucket.ts'
import { accessKeyId, region, secretAccessKey, serveS3 } from '../embedded/s3/serve-s3.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test.each(['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'DEEP_ARCHIVE'] as const)(
  'originals are put into %s, in one piece or as a stream; what is made of them stays in the standard class',
  async (storageClass) => {
    const served = await serveS3(await temporaryFolder())
    const client = new S3Client({
      region,
      endpoint: served.endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    onTestFinished(async () => {
      client.destroy()
      await served.close()
    })
    const storage = openStorageBucket(client, environmentSchema.parse({ ...variables, PHOTOS_STORAGE_CLASS: storageClass }))
    const bytes = randomBytes(1000)
    const contentHash = contentHashOf(createHash('sha256').update(bytes).digest())
    await storage.putOriginal('originals/a/small.jpg', bytes, contentHash, 'image/jpeg')
    await storage.streamOriginal('originals/a/large.mov', Readable.from([randomBytes(17 * 2 ** 20)]), 'video/quicktime')
    await storage.putRendition('renditions/a/view.webp', bytes)
    await storage.putJournal('locations/a/1.json', '{}')
    await storage.putProbe('probes/a/probe.jpg', bytes, contentHash, 'image/jpeg')

    const classOf = async (Key: string) =>
      (await client.send(new HeadObjectCommand({ Bucket: 'photos-storage', Key }))).StorageClass ?? 'STANDARD'
    expect(await classOf('originals/a/small.jpg')).toBe(storageClass)
    expect(await classOf('originals/a/large.mov')).toBe(storageClass)
    expect(await classOf('renditions/a/view.webp')).toBe('STANDARD')
    expect(await classOf('locations/a/1.json')).toBe('STANDARD')
    expect(await classOf('probes/a/probe.jpg')).toBe('STANDARD')
    expect([await storage.has('originals/a/small.jpg', 1000), await storage.has('originals/a/large.mov', 1)]).toEqual([
      true,
      false,
    ])
  },
)

const variables = {
  AWS_REGION: region,
  PHOTOS_REMOTE_ID: 'remote',
  PHOTOS_UPLOAD_BUCKET: 'photos-uploads',
  PHOTOS_STORAGE_BUCKET: 'photos-storage',
  PHOTOS_INDEX_TABLE: 'index',
  PHOTOS_ISSUER: 'https://issuer.example.org',
  PHOTOS_CLIENT_ID: 'client',
  PHOTOS_IDENTITY_POOL_ID: 'pool',
  PHOTOS_SIGN_IN_URL: 'https://sign-in.example.org',
}
