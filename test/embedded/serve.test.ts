import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { putBytes } from '../../cli/remote/put.ts'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { collect } from '../collect.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type LibraryInTest, openLibraryInTest } from './library-in-test.ts'

const location = { device: 'laptop', path: 'DCIM/IMG_0001.JPG', modificationTime: '2021-06-01T10:00:00.123456789Z' }

test('an uploaded photo is verified, stored, shown and indexed, and comes back', async () => {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder)
  const bytes = await jpeg()
  const contentHash = await uploadAndProcess(library, bytes)

  expect(await library.remote.confirm([{ contentHash, locations: [location] }])).toEqual([{ kind: 'stored', contentHash }])
  expect(await collect(library.remote.listPhotos({}))).toMatchObject([
    {
      kind: 'photo',
      photo: {
        contentHash,
        sizeBytes: bytes.length,
        contentType: 'image/jpeg',
        captureTime: '2021-06-01T12:00:00+02:00',
        widthPixels: 900,
        heightPixels: 600,
        renditions: [
          { name: 'thumbnail', widthPixels: 400 },
          { name: 'view', widthPixels: 900 },
        ],
        reason: null,
      },
    },
    { kind: 'location', contentHash, location },
  ])
  const stored = await readFile(join(folder, 'originals', library.backend.identity.owner, `${contentHash}.jpg`))
  expect(stored.equals(bytes)).toBe(true)
})

test('what is stored need not be sent again, also after a restart', async () => {
  const folder = await temporaryFolder()
  const first = await openLibraryInTest(folder)
  const bytes = await jpeg()
  const contentHash = await uploadAndProcess(first, bytes)
  await first.close()

  const second = await openLibraryInTest(folder)
  expect(await second.remote.beginUploads([candidate(bytes)])).toEqual([{ kind: 'stored', contentHash }])
})

async function uploadAndProcess(library: LibraryInTest, bytes: Buffer): Promise<ContentHash> {
  const [begun] = await library.remote.beginUploads([candidate(bytes)])
  if (begun?.kind !== 'put') throw new Error(`expected a put, got ${begun?.kind}`)
  await putBytes(begun.request, bytes, { transport: library.transport, onMoved: () => {} })
  await library.backend.queue.whenIdle()
  return begun.contentHash
}

function candidate(bytes: Buffer) {
  return {
    contentHash: contentHashOf(createHash('sha256').update(bytes).digest()),
    sizeBytes: bytes.length,
    contentType: 'image/jpeg',
  }
}

async function jpeg(): Promise<Buffer> {
  const exif = { IFD2: { DateTimeOriginal: '2021:06:01 12:00:00', OffsetTimeOriginal: '+02:00' } }
  const image = sharp({ create: { width: 900, height: 600, channels: 3, background: '#3366aa' } })
  return await image.withExif(exif).jpeg().toBuffer()
}
