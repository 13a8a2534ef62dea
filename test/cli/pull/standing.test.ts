import { expect, test } from 'vitest'
import { openBeside } from '../../../cli/pull/beside.ts'
import { photoGroups } from '../../../cli/pull/photo-groups.ts'
import { standings } from '../../../cli/pull/standing.ts'
import type { ListEntry, ListedLocation } from '../../../contract/photos.ts'
import { collect } from '../../collect.ts'
import { photoEntryOf, photoOf, storedPhoto } from './pull-in-test.ts'

const photo = photoOf(storedPhoto('one'))

function at(path: string, gone?: ListedLocation['gone']): ListedLocation {
  return { device: 'laptop', path, modificationTime: '2020-01-01T00:00:00Z', ...(gone && { gone }) }
}

function left(day: number, replaced = false): NonNullable<ListedLocation['gone']> {
  return { at: `2026-01-0${day}T00:00:00.000Z`, replaced }
}

async function standingOf(...locations: readonly ListedLocation[]): Promise<readonly string[]> {
  async function* list(): AsyncGenerator<ListEntry> {
    yield photoEntryOf(photo)
    for (const location of locations) yield { kind: 'location', contentHash: photo.contentHash, location }
  }
  const all = await collect(standings(photoGroups(list())))
  return all.map(({ kind, group }) => `${kind}: ${group.locations.map(({ path }) => path).join(', ')}`)
}

test('a photo comes back where it is, wherever it was', async () => {
  expect(await standingOf(at('a'), at('b', left(1)), at('c'))).toEqual(['present: a, c'])
})

test('a photo of which nobody has told where it lies has its own name', async () => {
  expect(await standingOf()).toEqual(['present: '])
})

test('a photo that is nowhere comes back where it was last', async () => {
  expect(await standingOf(at('a', left(1)), at('b', left(3)), at('c', left(3)), at('d', left(2)))).toEqual(['gone: b, c'])
})

test('a photo whose place another version has taken is an old version, wherever it was before', async () => {
  expect(await standingOf(at('a', left(1)), at('b', left(2, true)))).toEqual(['old-version: b'])
  expect(await standingOf(at('a', left(2)), at('b', left(2, true)))).toEqual(['gone: a'])
})

test('a photo of very many places is judged by all of them', async () => {
  const many = (count: number, gone?: ListedLocation['gone']) => Array.from({ length: count }, (_, index) => at(`${index}`, gone))
  expect(await standingOf(...many(250, left(1)), at('last', left(2)))).toEqual(['gone: last'])
  expect(await standingOf(...many(250, left(1)), at('here'))).toEqual(['present: here'])
  expect(await standingOf(...many(250), at('gone', left(1)))).toHaveLength(3)
})

test('the sidecars beside photos are known by folder and name, in one folder and not in the next', () => {
  const beside = openBeside()
  for (let index = 0; index < 10_000; index += 1) beside.add(`DCIM/${index % 10}/IMG_${index}.JPG`)
  expect(beside.has('DCIM/7/IMG_7.xmp')).toBe(true)
  expect(beside.has('DCIM/7/IMG_7.JPG.json')).toBe(true)
  const strangers = Array.from({ length: 1000 }, (_, index) => beside.has(`DCIM/${(index + 1) % 10}/IMG_${index}.xmp`))
  expect(strangers.filter(Boolean).length).toBeLessThan(5)
})
