import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sniffContentType } from '../../contract/content-signatures.ts'
import { findMediaType, findMediaTypeByName, refineContentType } from '../../contract/media-types.ts'
import { corpusFiles, corpusFolder } from '../corpus.ts'

describe('sniffContentType', () => {
  it.each([
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['\x89PNG\r\n\x1a\n', 'image/png'],
    ['RIFF\x10\0\0\0WEBP', 'image/webp'],
    ['RIFF\x10\0\0\0AVI LIST', 'video/x-msvideo'],
    ['\0\0\0\x18ftypheic', 'image/heic'],
    ['\0\0\0\x18ftypqt  ', 'video/quicktime'],
    ['\0\0\0\x18ftypmp42', 'video/mp4'],
    ['\0\0\0\x18ftypXAVC', 'video/mp4'],
    ['II*\0\x10', 'image/tiff'],
    ['II*\0\x10\0\0\0CR\x02\0', 'image/x-canon-cr2'],
    ['\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04', 'video/webm'],
    ['\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroskaB', 'video/x-matroska'],
    ['BM6\0\0\0\0\0\0\x006\0\0\0(\0\0\0', 'image/bmp'],
    ['BMW is a car', undefined],
    ['RIFF\x10\0\0\0WAVE', undefined],
    ['\0\0\0\x18ftypM4A ', undefined],
    ['# a text', undefined],
    ['', undefined],
  ])('%j is %s', (head, contentType) => {
    expect(sniffContentType(Buffer.from(head, 'latin1'))).toBe(contentType)
  })

  const folder = corpusFolder('dev')
  it.skipIf(!folder)('knows every photo and video of the corpus without its name', async () => {
    const unknown: string[] = []
    for (const { path } of corpusFiles(folder ?? '')) {
      const kind = findMediaTypeByName(path)?.kind
      if (kind === undefined || kind === 'sidecar') continue
      const contentType = sniffContentType(await readFile(join(folder ?? '', path)))
      if (contentType === undefined || !findMediaType(contentType)) unknown.push(path)
    }
    expect(unknown).toEqual([])
  })
})

describe('refineContentType', () => {
  it.each([
    ['image/heic', 'image/jpeg', 'image/heic'],
    ['image/jpeg', 'image/x-nikon-nef', 'image/jpeg'],
    ['image/tiff', 'image/x-nikon-nef', 'image/x-nikon-nef'],
    ['image/tiff', 'image/jpeg', 'image/tiff'],
    ['image/tiff', undefined, 'image/tiff'],
    ['image/x-adobe-dng', 'image/x-gopro-gpr', 'image/x-gopro-gpr'],
    ['image/x-adobe-dng', 'image/x-canon-cr2', 'image/x-adobe-dng'],
  ])('content that shows %s under a name that says %s is %s', (shown, named, expected) => {
    expect(refineContentType(shown, named)).toBe(expected)
  })
})
