import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { findContentType } from '../../../cli/sync/find-content-type.ts'
import { sniffContentType } from '../../../contract/content-signatures.ts'
import { detectContentType } from '../../../lambda/photos/detect-content-type.ts'
import { corpusFiles, corpusFolder } from '../../corpus.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const jpeg = bytes('\xff\xd8\xff\xe0')
const heic = bytes('\0\0\0\x18ftypheic')
const tiff = bytes('II*\0\x10\0\0\0')
const text = bytes('a text')

describe('findContentType', () => {
  it.each([
    ['IMG_1.JPG', jpeg, 'image/jpeg'],
    ['IMG_1.JPG', heic, 'image/heic'],
    ['IMG_1', heic, 'image/heic'],
    ['DSC_1.NEF', jpeg, 'image/jpeg'],
    ['DSC_1.NEF', tiff, 'image/x-nikon-nef'],
    ['DSC_1', tiff, 'image/tiff'],
    ['IMG_1.JPG', text, 'image/jpeg'],
    ['IMG_1.JPG', Buffer.alloc(0), 'image/jpeg'],
    ['notes', text, undefined],
    ['notes.txt', jpeg, 'image/jpeg'],
    ['IMG_1.xmp', text, 'application/rdf+xml'],
    ['a.json', bytes('{"photoTakenTime":{}}'), 'application/json'],
    ['a.json', bytes('{"name":"a"}'), undefined],
    ['a.json', jpeg, 'image/jpeg'],
  ])('%s that begins with %j is %s', (name, head, contentType) => {
    expect(findContentType(name, head)).toBe(contentType)
  })
})

const folders = [corpusFolder('dev'), corpusFolder('bad')].flatMap((folder) => folder ?? [])

const names = ['no-suffix', 'wrong.jpg', 'wrong.heic', 'wrong.nef', 'wrong.mp4', 'wrong.xmp']

/** As much as either looks at. */
const headBytes = 64 * 1024

describe.skipIf(folders.length === 0)('the backend', () => {
  it('says the same of every file of the corpus as what it was sent as, but for a RAW whose name does not tell', async () => {
    const differing: string[] = []
    for (const path of folders.flatMap((folder) => corpusFiles(folder).map((file) => join(folder, file.path)))) {
      const head = await readHead(path)
      for (const name of [basename(path), ...names]) {
        const sent = findContentType(bytePathOf(name), head)
        if (sent === undefined) continue
        const stored = await detectContentType(head, sent)
        // Which RAW a TIFF is, the backend reads in it, and the name may be wrong.
        if (stored !== sent && sniffContentType(head) !== 'image/tiff') differing.push(`${path} as ${name}: ${sent}, ${stored}`)
      }
    }
    expect(differing).toEqual([])
  })
})

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
