import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isTakeoutSidecar, sniffContentType } from '../../../cli/sync/sniff-content-type.ts'
import { findMediaType, findMediaTypeByName } from '../../../contract/media-types.ts'
import { corpusFiles, corpusFolder } from '../../corpus.ts'

describe('sniffContentType', () => {
  it.each([
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['\x89PNG\r\n\x1a\n', 'image/png'],
    ['RIFF\x10\0\0\0WEBP', 'image/webp'],
    ['RIFF\x10\0\0\0AVI LIST', 'video/x-msvideo'],
    ['\0\0\0\x18ftypheic', 'image/heic'],
    ['\0\0\0\x18ftypqt  ', 'video/quicktime'],
    ['\0\0\0\x18ftypmp42', 'video/mp4'],
    ['II*\0\x10', 'image/tiff'],
    ['RIFF\x10\0\0\0WAVE', undefined],
    ['\0\0\0\x18ftypM4A ', undefined],
    ['# a text', undefined],
    ['', undefined],
  ])('%j is %s', (head, contentType) => {
    expect(sniffContentType(Buffer.from(head, 'latin1'))).toBe(contentType)
  })

  const folder = corpusFolder('dev')
  it.skipIf(!folder)("knows Takeout's JSON of the corpus, and that its manifest is none", async () => {
    const paths = (await readdir(folder ?? '', { recursive: true })).filter((path) => path.endsWith('.json'))
    const sidecars = []
    for (const path of paths) if (isTakeoutSidecar(await readFile(join(folder ?? '', path)))) sidecars.push(path)
    expect(sidecars).toEqual(paths.filter((path) => path.startsWith('Takeout')))
    expect(sidecars.length).toBeGreaterThan(1)
  })

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
