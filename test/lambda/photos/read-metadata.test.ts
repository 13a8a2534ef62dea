import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findMediaTypeByName, unknownContentType } from '../../../contract/media-types.ts'
import { photoMetadataSchema } from '../../../contract/photos.ts'
import { detectContentType } from '../../../lambda/photos/detect-content-type.ts'
import { openMetadataReader } from '../../../lambda/photos/read-metadata.ts'
import { corpusFiles, corpusFolder } from '../../corpus.ts'

const reader = openMetadataReader()
afterAll(() => reader.close())

const nothing = { captureTime: null, captureTimeSource: null, camera: null, widthPixels: null, heightPixels: null, place: null }

const exif = {
  IFD0: { Make: 'ACME', Model: 'One', DateTime: '2022:02:02 02:02:02' },
  IFD2: { DateTimeOriginal: '2021:06:01 12:00:00', SubSecTimeOriginal: '070', OffsetTimeOriginal: '+02:00' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 30/1 0/1', GPSLongitudeRef: 'W', GPSLongitude: '2/1 15/1 0/1' },
}
const plain = sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } })
const picture = plain.clone().withExif(exif)
const expected = {
  captureTime: '2021-06-01T12:00:00.070+02:00',
  captureTimeSource: 'DateTimeOriginal',
  camera: 'ACME One',
  widthPixels: 30,
  heightPixels: 20,
  place: { latitude: 48.5, longitude: -2.25 },
}
const jpeg = await picture.clone().jpeg().toBuffer()

test.each([
  ['image/jpeg', jpeg],
  ['image/png', await picture.clone().png().toBuffer()],
  ['image/webp', await picture.clone().webp().toBuffer()],
  ['image/avif', await picture.clone().avif({ effort: 0 }).toBuffer()],
])('%s', async (contentType, bytes) => {
  expect(await reader.read(bytes, contentType)).toEqual(expected)
})

test.each(['image/tiff', 'image/x-nikon-nef'])('the tags of %s, of a RAW file without its size', async (contentType) => {
  // An EXIF block is a TIFF without a picture; libvips writes no EXIF into TIFF files.
  const { exif: block = Buffer.alloc(0) } = await sharp(jpeg).metadata()
  const unknownSize = { widthPixels: null, heightPixels: null }
  expect(await reader.read(block.subarray('Exif\0\0'.length), contentType)).toEqual({ ...expected, ...unknownSize })
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])('width and height are upright with orientation %i', async (orientation) => {
  const bytes = await plain.clone().withMetadata({ orientation }).jpeg().toBuffer()
  const turned = orientation >= 5
  const size = turned ? { widthPixels: 20, heightPixels: 30 } : { widthPixels: 30, heightPixels: 20 }
  expect(await reader.read(bytes, 'image/jpeg')).toEqual({ ...nothing, ...size })
})

test('a JPEG whose segments are broken is searched as a whole', async () => {
  const broken = Buffer.concat([jpeg.subarray(0, 2), Buffer.from('garbage'), jpeg.subarray(2)])
  expect(await reader.read(broken, 'image/jpeg')).toMatchObject({ captureTime: expected.captureTime, camera: 'ACME One' })
})

test.each([
  ['no bytes', Buffer.alloc(0), 'image/jpeg'],
  ['zeros', Buffer.alloc(4096), 'image/tiff'],
  ['text', Buffer.from('not a picture'), 'image/png'],
  ['a video', jpeg, 'video/mp4'],
  ['a sidecar', Buffer.from('{}'), 'application/json'],
  ['an unknown type', jpeg, unknownContentType],
])('nothing is read from %s', async (_, bytes, contentType) => {
  expect(await reader.read(bytes, contentType)).toEqual(nothing)
})

test('many reads at once each get their own answer', async () => {
  const years = Array.from({ length: 20 }, (_, index) => 2000 + index)
  const found = await Promise.all(
    years.map(async (year) => {
      const date = { IFD0: { DateTime: `${year}:01:01 00:00:00` } }
      const bytes = await plain.clone().withExif(date).jpeg().toBuffer()
      return (await reader.read(bytes, 'image/jpeg')).captureTime
    }),
  )
  expect(found).toEqual(years.map((year) => `${year}-01-01T00:00:00`))
})

test('a read after close starts a new thread', async () => {
  const other = openMetadataReader()
  await other.read(jpeg, 'image/jpeg')
  await other.close()
  expect(await other.read(jpeg, 'image/jpeg')).toEqual(expected)
  await other.close()
})

const dev = corpusFolder('dev')
describe.skipIf(!dev)('real photos', () => {
  const kinds: readonly string[] = ['jpeg', 'png', 'webp', 'tiff', 'avif', 'heic']
  const files = corpusFiles(dev).filter((file) => kinds.includes(file.kind))

  test.each(files.map((file) => [file.path, file] as const))('%s', async (name, file) => {
    const bytes = await fs.readFile(path.join(dev ?? '', name))
    const hint = findMediaTypeByName(name)?.contentType ?? unknownContentType
    const metadata = await reader.read(bytes, await detectContentType(bytes.subarray(0, 8192), hint))

    // The one file of which only one tool can read the date: the manifest leaves out the fraction that the camera wrote.
    const takenAt = name === 'Odd dates/2099-08-12.jpg' ? '2099-08-12T19:59:29.00' : file.takenAt
    expect(metadata).toMatchObject({ captureTime: takenAt, widthPixels: file.width, heightPixels: file.height })
    const { place } = metadata
    expect(place && [Math.abs(place.latitude), Math.abs(place.longitude)]).toEqual(
      file.gps ? file.gps.map((degrees) => expect.closeTo(Math.abs(degrees), 4)) : null,
    )
  })
})

const bad = corpusFolder('bad')
describe.skipIf(!bad)('hostile files', () => {
  const hangingName = 'exif/exifr-HANG-pr_2612_poc.heic'
  const others = corpusFiles(bad).filter((file) => file.path !== hangingName)

  test.each(others.map((file) => [file.path]))('%s', async (name) => {
    const bytes = await fs.readFile(path.join(bad ?? '', name))
    const hint = findMediaTypeByName(name)?.contentType ?? unknownContentType
    for (const contentType of new Set([await detectContentType(bytes.subarray(0, 8192), hint), 'image/jpeg', 'image/tiff'])) {
      photoMetadataSchema.parse(await reader.read(bytes, contentType))
    }
  })

  test('a file that hangs exifr holds up nothing but itself', async () => {
    const hanging = await fs.readFile(path.join(bad ?? '', hangingName))
    // A processor is busy for so long; what does not hang takes a few milliseconds.
    const impatient = openMetadataReader({ timeoutMs: 1_500 })
    onTestFinished(() => impatient.close())
    const reads = [impatient.read(hanging, 'image/heic'), impatient.read(jpeg, 'image/jpeg')]
    expect(await Promise.all(reads)).toEqual([nothing, expected])
  })

  test('degrees off the earth are no place', async () => {
    const bytes = await fs.readFile(path.join(bad ?? '', 'exif/gps-out-of-range.jpg'))
    expect(await reader.read(bytes, 'image/jpeg')).toMatchObject({ captureTime: '2013-06-04T13:39:01', place: null })
  })
})

describe('bundled, with the worker beside it', () => {
  let folder: string
  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'photos-bundle-'))
    await fs.symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'))
    const entryPoints = ['lambda/photos/read-metadata.ts', 'lambda/photos/exif-worker.mjs']
    const outExtension = { '.js': '.mjs' }
    await build({ entryPoints, outdir: folder, outExtension, bundle: true, format: 'esm', platform: 'node', external: ['sharp'] })
    await fs.writeFile(path.join(folder, 'photo.jpg'), jpeg)
  })
  afterAll(() => fs.rm(folder, { recursive: true }))

  test('it finds its worker, which does not keep the process alive', async () => {
    const script = `
      import { readFileSync } from 'node:fs'
      import { openMetadataReader } from './read-metadata.mjs'
      const metadata = await openMetadataReader().read(readFileSync('photo.jpg'), 'image/jpeg')
      process.stdout.write(JSON.stringify(metadata))`
    await fs.writeFile(path.join(folder, 'main.mjs'), script)
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: folder, timeout: 20_000 })
    expect(JSON.parse(stdout)).toEqual(expected)
  })
})
