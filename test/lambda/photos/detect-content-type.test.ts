import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { findMediaTypeByName, unknownContentType } from '../../../contract/media-types.ts'
import { detectContentType } from '../../../lambda/photos/detect-content-type.ts'
import { corpusFiles, corpusFolder } from '../../corpus.ts'

const dot = sharp({ create: { width: 2, height: 2, channels: 3, background: 'teal' } })
const jpeg = await dot.clone().jpeg().toBuffer()
const tiff = await dot.clone().tiff().toBuffer()
const { data: pixels, info } = await dot.clone().resize(100).raw().toBuffer({ resolveWithObject: true })
const largeTiff = await sharp(pixels, { raw: info }).tiff({ compression: 'none' }).toBuffer()
const png = await dot.clone().png().toBuffer()
const box = (brand: string) => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1')

test.each([
  ['content wins over the name', jpeg, 'image/heic', 'image/jpeg'],
  ['content wins over a RAW name', jpeg, 'image/x-nikon-nef', 'image/jpeg'],
  ['content wins over no name', png, unknownContentType, 'image/png'],
  ['a TIFF', tiff, 'image/tiff', 'image/tiff'],
  ['a RAW that is a TIFF inside', tiff, 'image/x-kodak-kdc', 'image/x-kodak-kdc'],
  ['a TIFF whose tags are at its end', largeTiff.subarray(0, 8192), unknownContentType, 'image/tiff'],
  ['a TIFF named as a JPEG', tiff, 'image/jpeg', 'image/tiff'],
  ['AVIF', box('avif'), 'image/jpeg', 'image/avif'],
  ['HEIC', box('heic'), 'image/jpeg', 'image/heic'],
  ['an AVI, under our name for it', Buffer.from('RIFF\0\0\0\0AVI LIST'), unknownContentType, 'video/x-msvideo'],
  ['text says nothing', Buffer.from('IMG_0001\n'), 'image/jpeg', 'image/jpeg'],
  ['a format that is not in the table says nothing', Buffer.from('%PDF-1.7\n'), 'image/jpeg', 'image/jpeg'],
  ['a sidecar', Buffer.from('<?xml version="1.0"?><x:xmpmeta/>'), 'application/rdf+xml', 'application/rdf+xml'],
  ['no bytes', Buffer.alloc(0), 'image/jpeg', 'image/jpeg'],
  ['a hint that is not in the table', Buffer.from('x'), 'text/html', unknownContentType],
])('%s', async (_, bytes, hint, contentType) => {
  expect(await detectContentType(bytes, hint)).toBe(contentType)
})

const dev = corpusFolder('dev')
describe.skipIf(!dev)('real files', () => {
  test('every good file is what its name says, but for one HEIC named .heif', async () => {
    const surprising: string[] = []
    for (const file of corpusFiles(dev)) {
      const hint = findMediaTypeByName(file.path)?.contentType ?? unknownContentType
      const bytes = await fs.readFile(path.join(dev ?? '', file.path))
      const contentType = await detectContentType(bytes.subarray(0, 4100), hint)
      if (contentType !== hint) surprising.push(`${path.basename(file.path)}: ${contentType}`)
    }
    expect(surprising).toEqual(['IMG_HDR_0001.heif: image/heic'])
  })
})

const bad = corpusFolder('bad')
describe.skipIf(!bad)('hostile files', () => {
  test('none of them makes it throw', async () => {
    for (const file of corpusFiles(bad)) {
      const bytes = await fs.readFile(path.join(bad ?? '', file.path))
      expect(typeof (await detectContentType(bytes, unknownContentType))).toBe('string')
    }
  })
})
