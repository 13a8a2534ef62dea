import { expect, test } from 'vitest'
import { targetsOf } from '../../../cli/pull/targets.ts'
import type { ListedLocation } from '../../../contract/photos.ts'
import { photoOf, storedPhoto } from './pull-in-test.ts'

const stored = storedPhoto('in two folders of one name')

function registered(year: number, location: Partial<ListedLocation>): ListedLocation {
  return { device: 'laptop', path: 'DCIM/a.jpg', modificationTime: `${year}-01-01T00:00:00Z`, ...location }
}

function day(day: number): string {
  return `2026-01-0${day}T00:00:00.000Z`
}

test('one path of several folders is one target, with the modification time that was told last', () => {
  const locations = [
    registered(2001, { sourceId: '0123456789abcdef', seenAt: day(1) }),
    registered(2003, { sourceId: 'fedcba9876543210', seenAt: day(3) }),
    registered(2002, { device: 'nas', seenAt: day(2) }),
    registered(2000, {}),
  ]
  const modificationTime = BigInt(Date.UTC(2003, 0)) * 1000n
  for (const listed of [locations, locations.toReversed()])
    expect(targetsOf({ photo: photoOf(stored), originalKey: '', locations: listed, isContinued: false })).toEqual({
      targets: [{ path: 'DCIM/a.jpg', modificationTime }],
      refused: [],
    })
})
