import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { mediaTypes, unknownContentType } from '../../../contract/media-types.ts'
import { type DecodedImage, decode, reasonNotDecoded } from '../../../lambda/photos/decode.ts'
import { render } from '../../../lambda/photos/render.ts'
import { corpusFiles, corpusFolder } from '../../corpus.ts'

const red = { r: 220, g: 30, b: 30 }
const blue = { r: 30, g: 30, b: 220 }

/** 60 × 40, red, with a blue top left corner: every one of the eight orientations moves that corner elsewhere. */
function marked(): Sharp {
  const corner = { create: { width: 20, height: 10, channels: 3, background: blue } } as const
  return sharp({ create: { width: 60, height: 40, channels: 3, background: red } }).composite([
    { input: corner, left: 0, top: 0 },
  ])
}

async function decoded(bytes: Buffer, contentType = 'image/png'): Promise<DecodedImage> {
  const image = await decode(bytes, contentType)
  if (image.kind === 'undecodable') throw new Error(image.reason)
  return image
}

const pixelAt = ({ pixels, widthPixels, channels }: DecodedImage, x: number, y: number): readonly number[] => [
  ...pixels.subarray((y * widthPixels + x) * channels, (y * widthPixels + x + 1) * channels),
]

const about = ({ r, g, b }: typeof red, tolerance = 12) =>
  [r, g, b].map((value) => expect.toSatisfy((actual: number) => Math.abs(actual - value) <= tolerance))

/** How the stored pixels are turned so that the tag's rotation makes them upright again (EXIF 2.32, tag 0x0112); sharp mirrors first. */
const storedAs: readonly (readonly [orientation: number, store: (image: Sharp) => Sharp])[] = [
  [1, (image) => image],
  [2, (image) => image.flop()],
  [3, (image) => image.rotate(180)],
  [4, (image) => image.flip()],
  [5, (image) => image.flop().rotate(270)],
  [6, (image) => image.rotate(270)],
  [7, (image) => image.flop().rotate(90)],
  [8, (image) => image.rotate(90)],
]

describe('orientation', () => {
  test.each(storedAs)('%i is upright', async (orientation, store) => {
    const turned = store(sharp(await marked().png().toBuffer()))
    const bytes = await turned.withMetadata({ orientation }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
    const image = await decoded(bytes, 'image/jpeg')
    expect([image.widthPixels, image.heightPixels]).toEqual([60, 40])
    expect(pixelAt(image, 5, 5)).toEqual(about(blue))
    expect(pixelAt(image, 55, 5)).toEqual(about(red))
    expect(pixelAt(image, 5, 35)).toEqual(about(red))
  })
})

describe('colour', () => {
  const plain = () => sharp({ create: { width: 8, height: 8, channels: 3, background: red } })

  test('a Display P3 file is shown in sRGB, not with its numbers as they are', async () => {
    const bytes = await plain().withIccProfile('p3').png().toBuffer()
    const raw = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
    expect([...raw.subarray(0, 3)]).not.toEqual(about(red))
    expect(pixelAt(await decoded(bytes), 4, 4)).toEqual(about(red, 3))
  })

  test('CMYK is converted', async () => {
    const bytes = await plain().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
    expect((await sharp(bytes).metadata()).space).toBe('cmyk')
    expect(pixelAt(await decoded(bytes, 'image/jpeg'), 4, 4)).toEqual(about(red, 40))
  })

  test('16 bits a channel keep their brightness', async () => {
    const bytes = await plain().toColourspace('rgb16').png().toBuffer()
    expect((await sharp(bytes).metadata()).depth).toBe('ushort')
    expect(pixelAt(await decoded(bytes), 4, 4)).toEqual(about(red, 1))
  })

  test('gray becomes RGB', async () => {
    const bytes = await plain().toColourspace('b-w').jpeg().toBuffer()
    const image = await decoded(bytes, 'image/jpeg')
    expect(image.channels).toBe(3)
    expect(new Set(pixelAt(image, 4, 4)).size).toBe(1)
  })

  test('alpha is kept', async () => {
    const image = await decoded(await plain().ensureAlpha(0.5).png().toBuffer())
    expect(image.channels).toBe(4)
    expect(pixelAt(image, 4, 4)).toEqual([...about(red, 1), expect.closeTo(128, -1)])
  })

  test('of an animation, the first frame', async () => {
    const stack = sharp({ create: { width: 8, height: 16, channels: 3, background: red } }).composite([
      { input: { create: { width: 8, height: 8, channels: 3, background: blue } }, left: 0, top: 8 },
    ])
    const pixels = await stack.raw().toBuffer()
    const bytes = await sharp(pixels, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
      .gif()
      .toBuffer()
    expect((await sharp(bytes).metadata()).pages).toBe(2)
    const image = await decoded(bytes, 'image/gif')
    expect([image.widthPixels, image.heightPixels]).toEqual([8, 8])
    expect(pixelAt(image, 4, 4).slice(0, 3)).toEqual(about(red))
  })
})

describe('size', () => {
  test.each([
    ['a large photo', 3000, 2000, [2048, 1365], [400, 267]],
    ['a large portrait', 2000, 3000, [1365, 2048], [400, 600]],
    ['a picture smaller than the view', 600, 450, [600, 450], [400, 300]],
    ['a picture smaller than the thumbnail', 100, 67, [100, 67], [100, 67]],
    ['a panorama', 6000, 300, [2048, 102], [400, 20]],
    ['a tall strip', 300, 6000, [102, 2048], [102, 2048]],
    ['a line', 5000, 1, [2048, 1], [400, 1]],
    ['a dot', 1, 1, [1, 1], [1, 1]],
  ])('%s of %i × %i', async (_, width, height, view, thumbnail) => {
    const bytes = await sharp({ create: { width, height, channels: 3, background: red } })
      .jpeg()
      .toBuffer()
    const rendered = await render(await decoded(bytes, 'image/jpeg'))
    const sizes = rendered.map(({ name, widthPixels, heightPixels }) => [name, widthPixels, heightPixels])
    expect(sizes).toEqual([
      ['thumbnail', ...thumbnail],
      ['view', ...view],
    ])
  })
})

test('renditions are WebP, without a word about place, time or camera', async () => {
  const exif = { IFD0: { Make: 'ACME' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 30/1 0/1' } }
  const bytes = await marked()
    .withExif(exif)
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    .withIccProfile('p3')
    .jpeg()
    .toBuffer()
  for (const { bytes: rendition, widthPixels, heightPixels } of await render(await decoded(bytes, 'image/jpeg'))) {
    const header = await sharp(rendition).metadata()
    expect(header).toMatchObject({ format: 'webp', width: widthPixels, height: heightPixels })
    for (const kind of ['exif', 'icc', 'xmp', 'iptc', 'orientation'] as const) expect(header[kind]).toBeUndefined()
  }
})

describe('what cannot be decoded has a reason', () => {
  test.each([
    ['video/mp4', 'a video has no renditions yet'],
    ['image/x-nikon-nef', 'a RAW file has no renditions yet'],
    ['application/rdf+xml', 'a sidecar has no renditions'],
    ['image/heic', 'HEIC cannot be decoded yet'],
    ['image/heif', 'HEIC cannot be decoded yet'],
    ['image/jxl', 'this picture format cannot be decoded yet'],
    [unknownContentType, 'not a picture'],
  ])('%s, without looking at it', async (contentType, reason) => {
    expect(await decode(await marked().png().toBuffer(), contentType)).toEqual({ kind: 'undecodable', reason })
  })

  test('the types that are tried', () => {
    const tried = mediaTypes.map(({ contentType }) => contentType).filter((contentType) => !reasonNotDecoded(contentType))
    expect(tried).toEqual(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/tiff', 'image/avif'])
  })

  const damaged = { kind: 'undecodable', reason: 'damaged: no picture can be decoded' }
  test.each([
    ['no bytes', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(4096)],
    ['noise', randomBytes(4096)],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')],
    ['a PDF', Buffer.from('%PDF-1.4\n')],
  ])('%s named .jpg', async (_, bytes) => {
    expect(await decode(bytes, 'image/jpeg')).toEqual(damaged)
  })

  test.each([
    ['a JPEG of 4 gigapixels', false, 65_500],
    ['a progressive JPEG, which is decoded as a whole', true, 12_000],
  ])('%s', async (_, progressive, size) => {
    const bytes = await marked().jpeg({ progressive }).toBuffer()
    const frame = bytes.indexOf(progressive ? 'ffc2' : 'ffc0', 'hex') // SOF: marker, length, precision, height, width
    bytes.writeUInt16BE(size, frame + 5)
    bytes.writeUInt16BE(size, frame + 7)
    expect(await decode(bytes, 'image/jpeg')).toEqual({ kind: 'undecodable', reason: 'too many pixels to decode' })
  })
})

test('a JPEG that ends too early shows what there is of it', async () => {
  const whole = await sharp({ create: { width: 800, height: 600, channels: 3, background: red } })
    .jpeg()
    .toBuffer()
  const image = await decoded(whole.subarray(0, whole.length - 2000), 'image/jpeg')
  expect([image.widthPixels, image.heightPixels]).toEqual([800, 600])
  expect(pixelAt(image, 10, 10)).toEqual(about(red))
})

// That real photos are rendered, and how large, is told by ../../whole-path/corpus-dev.test.ts.

const bad = corpusFolder('bad')
describe.skipIf(!bad)('hostile files', () => {
  test.each(corpusFiles(bad).map((file) => [file.path]))('%s', async (name) => {
    const bytes = await fs.readFile(path.join(bad ?? '', name))
    // Whatever it is: of types that are tried, all are the same to the decoder, which looks itself.
    const image = await decode(bytes, 'image/jpeg')
    if (image.kind === 'image') expect(await render(image)).toHaveLength(2)
    else expect(image.reason).not.toBe('')
  })
})
