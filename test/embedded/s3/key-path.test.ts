import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyPath, type Slot } from '../../../embedded/s3/key-path.ts'

const long = 'x'.repeat(450)

const table: readonly (readonly [key: string, path: string])[] = [
  ['originals/1f0c-ab/9e107d9d.jpg', 'originals/1f0c-ab/9e107d9d.jpg'],
  ['renditions/1f0c-ab/9e107d9d/view.webp', 'renditions/1f0c-ab/9e107d9d/view.webp'],
  ['uploads/1f0c-ab/9e107d9d', 'uploads/1f0c-ab/9e107d9d~'],
  ['a', 'a~'],
  ['a/b', 'a/b~'],
  ['x.y', 'x.y'],
  ['x.y/z', 'x.y~d/z~'],
  ['IMG_1.JPG', '%49%4d%47_1.%4a%50%47'],
  ['a b+c%.jpg', 'a%20b%2bc%25.jpg'],
  ['\u00fc.jpg', '%c3%bc.jpg'],
  ['u\u0308.jpg', 'u%cc%88.jpg'],
  ['..', '%2e%2e~'],
  ['../x', '%2e%2e/x~'],
  ['./x', '%2e/x~'],
  ['.photos/s3', '%2ephotos/s3~'],
  ['end.', 'end%2e~'],
  ['', '%~'],
  ['/a', '%/a~'],
  ['a//b/', 'a/%/b/%~'],
  ['a~1', 'a%7e1~'],
  [long, `${'x'.repeat(200)}~c/${'x'.repeat(200)}~c/${'x'.repeat(50)}~`],
]

describe('keyPath', () => {
  test.each(table)('%j lies at %j', (key, path) => {
    expect(keyPath(key, 0)).toBe(path)
  })

  test('the second slot has a name that no key has', () => {
    expect([keyPath('a', 1), keyPath('x.y', 1), keyPath('x.y/z', 1)]).toEqual(['a~1', 'x.y~1', 'x.y~d/z~1'])
  })

  // Characters that file systems and this encoding treat specially come up far more often than in arbitrary text.
  const character = fc.oneof(
    fc.constantFrom('/', '.', '~', '%', 'a', 'A', '1', 'c', 'd', '\u00fc', 'u\u0308', ' '),
    fc.string({ unit: 'binary', maxLength: 1 }),
  )
  const anyKey = fc
    .oneof(
      fc.array(character, { maxLength: 40 }),
      fc.tuple(fc.constantFrom('a', '.', 'A', '/'), fc.nat(600)).map(([each, times]) => [each.repeat(times)]),
    )
    .map((characters) => characters.join(''))
  const anySlot = fc.constantFrom<Slot>(0, 1)

  test('every name can be read back as the key and the slot that it came from, so no two share one', () => {
    fc.assert(
      fc.property(anyKey, anySlot, (key, slot) => {
        expect(parseKeyPath(keyPath(key, slot))).toEqual({ key, slot })
      }),
      { numRuns: 3000 },
    )
  })

  test('every segment is one that any file system takes as it is', () => {
    fc.assert(
      fc.property(anyKey, anySlot, (key, slot) => {
        const names = keyPath(key, slot).split('/')
        for (const name of names) expect(name).toMatch(/^(?!\.{1,2}$)[a-z0-9._%~-]{1,210}$/)
        expect(names[0]).toMatch(/^[^.]/)
      }),
      { numRuns: 3000 },
    )
  })

  test('a folder and a file never have the same name in the same place', () => {
    fc.assert(
      fc.property(anyKey, anyKey, anySlot, (key, other, slot) => {
        const file = keyPath(key, slot)
        expect(keyPath(`${key}/${other}`, slot).startsWith(`${file}/`)).toBe(false)
        expect(keyPath(other, slot).startsWith(`${file}/`)).toBe(false)
      }),
      { numRuns: 3000 },
    )
  })
})

/** The way back, which the server itself never needs. */
function parseKeyPath(path: string): { readonly key: string; readonly slot: Slot } {
  const slot: Slot = path.endsWith('~1') ? 1 : 0
  const joined = path.replace(/~1?$/, '').replaceAll('~c/', '').replaceAll('~d/', '/')
  const segments = joined.split('/').map((segment) => (segment === '%' ? '' : decodeURIComponent(segment)))
  return { key: segments.join('/'), slot }
}
