import { expect, test } from 'vitest'
import { type PhotoGroup, photoGroups } from '../../../cli/pull/photo-groups.ts'
import { findSeenLast } from '../../../cli/pull/seen-last.ts'
import type { ListEntry, ListedLocation, Photo } from '../../../contract/photos.ts'
import { collect } from '../../collect.ts'
import { photoEntryOf, photoOf, storedPhoto } from './pull-in-test.ts'

const card = '0123456789abcdef'
const anotherCard = 'fedcba9876543210'

interface Listed {
  readonly photo: Photo
  readonly location: ListedLocation
}

function listed(content: string, location: Partial<ListedLocation>, captureTime: string | null = null): Listed {
  return {
    photo: { ...photoOf(storedPhoto(content)), captureTime },
    location: {
      device: 'laptop',
      path: 'DCIM/IMG_1.JPG',
      sourceId: card,
      modificationTime: '2020-01-01T00:00:00Z',
      ...location,
    },
  }
}

function day(day: number): string {
  return `2026-01-0${day}T00:00:00.000Z`
}

/** Which of the photos are gone, in the order of the list, and how often the list was read. */
async function judge(...photos: readonly Listed[]): Promise<readonly [readonly ListedLocation['gone'][], number]> {
  let readings = 0
  async function* list(): AsyncGenerator<ListEntry> {
    for (const { photo, location } of photos) {
      yield photoEntryOf(photo)
      yield { kind: 'location', contentHash: photo.contentHash, location }
    }
  }
  const groups = (): AsyncIterable<PhotoGroup> => {
    readings += 1
    return photoGroups(list())
  }
  const mark = await findSeenLast(groups)
  const marked = (await collect(photoGroups(list()))).map(mark)
  return [marked.map(({ locations }) => locations[0]?.gone), readings]
}

test('the original that was seen last at a place has succeeded all others, however the list is sorted', async () => {
  const versions = [listed('b', { seenAt: day(2) }), listed('c', { seenAt: day(3) }), listed('a', { seenAt: day(1) })]
  const gone = { at: day(3), replaced: true }
  expect(await judge(...versions)).toEqual([[gone, undefined, gone], 2])
  expect(await judge(...versions.toReversed())).toEqual([[gone, undefined, gone], 2])
})

test('an original that was taken at another time was deleted and not edited', async () => {
  const older = listed('a', { seenAt: day(1) }, '2020-01-01T00:00:00')
  const newer = listed('b', { seenAt: day(2) }, '2021-01-01T00:00:00')
  expect(await judge(older, newer)).toEqual([[{ at: day(2), replaced: false }, undefined], 2])
})

test.each<[string, Partial<ListedLocation>, Partial<ListedLocation>]>([
  ['another device', { seenAt: day(1) }, { seenAt: day(2), device: 'desktop' }],
  ['another path', { seenAt: day(1) }, { seenAt: day(2), path: 'DCIM/IMG_2.JPG' }],
  ['other bytes that are shown the same', { seenAt: day(1) }, { seenAt: day(2), pathBytes: '/w==' }],
  ['another folder of the same name', { seenAt: day(1) }, { seenAt: day(2), sourceId: anotherCard }],
  ['a release before', { seenAt: day(1), sourceId: undefined }, { seenAt: day(2), sourceId: undefined }],
  ['a release before that', { sourceId: undefined }, { sourceId: undefined }],
])('places of %s are others, and the list is read once', async (_, one, other) => {
  expect(await judge(listed('a', one), listed('b', other))).toEqual([[undefined, undefined], 1])
})

test('what was seen at one moment lies there, both of it', async () => {
  expect(await judge(listed('a', { seenAt: day(1) }), listed('b', { seenAt: day(1) }))).toEqual([[undefined, undefined], 2])
})

test('what has come and was deleted had taken the place; what was taken back had not', async () => {
  const before = listed('a', { seenAt: day(1) })
  const deleted = { at: day(3), replaced: false }
  expect(await judge(before, listed('b', { seenAt: day(2), gone: deleted }))).toEqual([
    [{ at: day(2), replaced: true }, deleted],
    2,
  ])
  const takenBack = { at: day(3), replaced: true }
  expect(await judge(before, listed('b', { seenAt: day(2), gone: takenBack }))).toEqual([[undefined, takenBack], 1])
})
