import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readPathList, resolvePaths } from '../../../cli/sync/files-from.ts'
import { collect } from '../../collect.ts'

/** The list in pieces of this many bytes. */
function listOf(text: string, pieceBytes = 7): AsyncIterable<Buffer> {
  const bytes = Buffer.from(text, 'latin1')
  const pieces = []
  for (let start = 0; start < bytes.length; start += pieceBytes) pieces.push(bytes.subarray(start, start + pieceBytes))
  return Readable.from(pieces, { objectMode: true })
}

describe('readPathList', () => {
  it.each([
    ['a path a line', 'a.jpg\nb c.jpg\n', ['a.jpg', 'b c.jpg']],
    ['without an end of line at the end', 'a.jpg\nb.jpg', ['a.jpg', 'b.jpg']],
    ['as Windows ends lines', 'a.jpg\r\nb.jpg\r\n', ['a.jpg', 'b.jpg']],
    ['as Notepad saves it, with a mark at its start', '\xef\xbb\xbfa.jpg\r\nb.jpg', ['a.jpg', 'b.jpg']],
    ['with empty lines', '\n\na.jpg\n\n', ['a.jpg']],
    ['with NULs, where ends of lines are part of a name', 'a\nb.jpg\0c.jpg\r\0', ['a\nb.jpg', 'c.jpg\r']],
    ['with one NUL', 'a\nb.jpg\0', ['a\nb.jpg']],
    ['in any encoding', '\xff\xfe.jpg\n\xc3\xa9.jpg\n', ['\xff\xfe.jpg', '\xc3\xa9.jpg']],
    ['that looks like a comment, which there is none', '#1.jpg\n', ['#1.jpg']],
    ['of nothing', '', []],
  ])('reads a list %s', async (_what, text, paths) => {
    for (const pieceBytes of [1, 7, 1000]) expect(await collect(readPathList(listOf(text, pieceBytes)))).toEqual(paths)
  })

  it('finds the NUL behind a long path, and holds no more than a piece of a long list', async () => {
    const long = `${'a'.repeat(4000)}\n.jpg`
    expect(await collect(readPathList(listOf(`${long}\0${long}\0`, 512)))).toEqual([long, long])
    const names = Array.from({ length: 10_000 }, (_, index) => `${index}.jpg`)
    expect(await collect(readPathList(listOf(names.join('\n'), 100)))).toEqual(names)
  })

  it('refuses what is no list of paths', async () => {
    const endless = listOf('x'.repeat(100_000), 1000)
    await expect(collect(readPathList(endless))).rejects.toMatchObject({ name: 'UserError', exitCode: 2 })
  })
})

describe('resolvePaths', () => {
  it.each([
    ['/photos/a.jpg', '/photos/a.jpg'],
    ['/photos//b/../a.jpg', '/photos/a.jpg'],
    ['a.jpg', '/DCIM/a.jpg'],
    ['./b/c.jpg', '/DCIM/b/c.jpg'],
    ['../a.jpg', '/a.jpg'],
    ['b/', '/DCIM/b/'],
    ['\xff.jpg', '/DCIM/\xff.jpg'],
  ])('%s in /DCIM is %s', async (path, resolved) => {
    expect(await collect(resolvePaths(Readable.from([path]), '/DCIM'))).toEqual([resolved])
  })

  it('leaves a relative one as it is where there are several folders', async () => {
    expect(await collect(resolvePaths(Readable.from(['./a.jpg', '/b/a.jpg']), undefined))).toEqual(['a.jpg', '/b/a.jpg'])
  })
})
