import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createPathPatterns, findPatternFault } from '../../../cli/sync/path-patterns.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

function liveHeapBytes(): number {
  if (typeof collectGarbage === 'function') collectGarbage()
  return process.memoryUsage().heapUsed
}

describe('PathPatterns', () => {
  it.each([
    ['*.mov', 'a.mov', true],
    ['*.mov', 'x/y/a.mov', true],
    ['*.mov', 'a.MOV', false],
    ['/a.jpg', 'x/a.jpg', false],
    ['x/a.jpg', 'y/x/a.jpg', false],
    ['exports/', 'x/exports/', true],
    ['exports/', 'x/exports/a.jpg', true],
    ['exports/', 'exports', false],
    ['20[0-9][0-9]', '2021/', true],
    ['**/raw/**', 'x/raw/a.jpg', true],
    ['\\#1.jpg', '#1.jpg', true],
    ['\\!a.jpg', '!a.jpg', true],
    ['# a comment', '# a comment', false],
    ['  ', 'a.jpg', false],
    ['Été/', 'E\u0301te\u0301/', true],
    ['E\u0301te\u0301/', 'Été/', true],
    ['?.jpg', '\u{1f3d4}.jpg', false],
  ])('%j and %j: %s', async (pattern, path, expected) => {
    expect((await createPathPatterns([pattern])).matches(path)).toBe(expected)
  })

  it('lets the last line win, but brings nothing back from a folder that is left out', async () => {
    const patterns = await createPathPatterns(['*.jpg', '!keep.jpg', 'out/', '!out/keep.jpg'])
    expect(['a.jpg', 'keep.jpg', 'out/keep.jpg'].map((path) => patterns.matches(path))).toEqual([true, false, true])
  })

  it.each([
    ['*.jpg', 'x/y/', 'x/y/z/a.jpg', true],
    ['*.jpg', 'x/y/', 'x/a.jpg', false],
    ['/a.jpg', 'x/y/', 'x/y/a.jpg', true],
    ['/a.jpg', 'x/y/', 'x/y/z/a.jpg', false],
    ['z/a.jpg', 'x/y/', 'x/y/z/a.jpg', true],
    ['z/  ', 'x/', 'x/y/z/', true],
    ['a.jpg', 'odd [1] *?/', 'odd [1] *?/a.jpg', true],
    ['a.jpg', 'odd [1] *?/', 'odd 1 xx/a.jpg', false],
    ['\\#1.jpg', '#x/', '#x/#1.jpg', true],
    ['a.jpg', 'E\u0301/', 'E\u0301/a.jpg', true],
    ['a.jpg', 'back\\slash/', 'back\\slash/a.jpg', true],
    ['!*.jpg', 'x/', 'x/a.jpg', false],
  ])('%j in a file of the folder %j and %j: %s', async (line, folder, path, expected) => {
    const above = await createPathPatterns(['nothing'])
    expect(above.withLinesIn(folder, [line]).matches(path)).toBe(expected)
    expect(above.matches(path)).toBe(false)
  })

  it('lets the lines of a folder win over those above it', async () => {
    const above = await createPathPatterns(['*.jpg', 'x/raw/'])
    const below = above.withLinesIn('x/', ['!*.jpg', '!raw/'])
    expect(['x/a.jpg', 'x/raw/a.jpg', 'a.jpg'].map((path) => below.matches(path))).toEqual([false, false, true])
  })

  it('gives the same answer however often it is asked', async () => {
    const patterns = await createPathPatterns(['out/*', '!out/in.jpg'])
    const answers = new Set<string>()
    for (let index = 0; index < 5000; index += 1) {
      answers.add(`${patterns.matches(`out/${index}.jpg`)} ${patterns.matches('out/in.jpg')}`)
    }
    expect([...answers]).toEqual(['true false'])
  })

  it('does not remember every path that it was asked for', async () => {
    const patterns = await createPathPatterns(['*.mov'])
    const ask = (from: number): number => {
      for (let index = from; index < from + 100_000; index += 1) patterns.matches(`DCIM/100APPLE/IMG_${index}.jpg`)
      return liveHeapBytes()
    }
    const early = ask(0)
    expect(ask(100_000) - early).toBeLessThan(5_000_000)
  })
})

describe('findPatternFault', () => {
  it.each([
    '*.jpg',
    'a[0-9]',
    'a[]]b',
    'a[!]]b',
    'a\\[',
    'a\\\\',
    '[[:digit:]]',
    'a]',
    '/a/',
    '/**',
    '**/',
    '.a/..b',
    'a[/]b',
    '  ',
    '',
  ])('%j is a good one', (pattern) => {
    expect(findPatternFault(pattern)).toBeUndefined()
  })

  const faulty = [
    'a[0-9',
    '[',
    '[]',
    'a\\',
    'a\\\\\\',
    '[[:digit:]',
    '/',
    '//',
    '/  ',
    '!/',
    '!',
    '//a',
    'a//b',
    'a//',
    '.',
    '..',
    'a/./b',
    '/..',
  ]

  it.each(faulty)('%j is none, and matches nothing', async (pattern) => {
    expect(findPatternFault(pattern)).toBeDefined()
    const nothing = await createPathPatterns([])
    const everywhere = [await createPathPatterns([pattern]), nothing.withLinesIn('a/', [pattern])]
    const paths = ['a', 'a/', 'a/a', 'a/b', 'a/b/', 'a/a/b', 'x/a/b/']
    expect(everywhere.map((patterns) => paths.filter((path) => patterns.matches(path)))).toEqual([[], []])
  })
})
