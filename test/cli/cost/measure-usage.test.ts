import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { allOf } from '../../../cli/cost/holdings.ts'
import { originalsIn } from '../../../cli/cost/library.ts'
import { measureUsage } from '../../../cli/cost/measure-usage.ts'
import type { ListEntry, Photo } from '../../../contract/photos.ts'
import { photoEntryOf, photoOf, storedPhoto } from '../pull/pull-in-test.ts'

const now = new Date('2026-11-22T12:00:00Z')
const bare = photoOf(storedPhoto('bare'))

async function* listed(...photos: readonly Partial<Photo>[]): AsyncGenerator<ListEntry> {
  for (const photo of photos) yield photoEntryOf({ ...bare, ...photo })
}

const jpeg = { sizeBytes: 20e6, storedAt: '2026-01-01T00:00:00.000Z' }
const taken = (captureTime: string): Partial<Photo> => ({ ...jpeg, captureTime })
const copies = (count: number, photo: Partial<Photo>): readonly Partial<Photo>[] => Array.from({ length: count }, () => photo)

test('grows by what was taken in the last twelve months, however much was uploaded at once', async () => {
  const { growth, basis } = await measureUsage(
    listed(...copies(100, taken('2010-05-01T10:00:00')), ...copies(24, taken('2026-05-01T10:00:00'))),
    now,
  )
  expect({ ...allOf(growth), basis }).toEqual({ count: 2, sizeBytes: 40e6, basis: 'capture_dates' })
})

test('what has no date, as videos, grows by what came after the first import', async () => {
  const imported = copies(10, { sizeBytes: 100e6, storedAt: '2024-01-20T00:00:00.000Z' })
  const videos = copies(6, { sizeBytes: 100e6, storedAt: '2026-05-01T00:00:00.000Z' })
  const { growth, undatedImport } = await measureUsage(
    listed({ ...taken('2026-05-01T10:00:00'), storedAt: '2024-01-01T00:00:00.000Z' }, ...imported, ...videos),
    now,
  )
  expect(allOf(growth).count).toBeCloseTo(1 / (205.083 / 30.4167) + 6 / 12, 3)
  expect(growth.parts.sizeBytes).toBeCloseTo(600e6 / 12, 3)
  expect(undatedImport.count).toBe(0)
})

test('a first import of what has no date is no growth', async () => {
  const video = { sizeBytes: 160e9, storedAt: '2026-11-10T00:00:00.000Z' }
  const { growth, basis, undatedImport } = await measureUsage(listed(video), now)
  expect({ ...allOf(growth), basis }).toEqual({ count: 0, sizeBytes: 0, basis: 'none' })
  expect(undatedImport).toEqual({ count: 1, sizeBytes: 160e9 })
})

test('nor is it beside photos that have one', async () => {
  const video = { sizeBytes: 160e9, storedAt: '2026-11-10T00:00:00.000Z' }
  const photo = { ...taken('2026-05-01T10:00:00'), storedAt: video.storedAt }
  const { growth, basis } = await measureUsage(listed(video, photo), now)
  expect({ videos: growth.parts.count, basis }).toEqual({ videos: 0, basis: 'capture_dates' })
})

test('a library of three months is not divided by twelve, and one of a day not by nothing', async () => {
  const aQuarter = await measureUsage(listed(...copies(30, taken('2026-08-23T06:00:00'))), now)
  expect(allOf(aQuarter.growth).count).toBeCloseTo(10, 0)
  const aDay = await measureUsage(listed(...copies(30, taken('2026-11-22T06:00:00'))), now)
  expect(allOf(aDay.growth).count).toBe(30)
})

test('without any capture date the uploads say it', async () => {
  const imported = copies(300, { storedAt: '2026-08-23T06:00:00.000Z' })
  const later = copies(20, { storedAt: '2026-11-01T06:00:00.000Z' })
  const { growth, basis } = await measureUsage(listed(...imported, ...later), now)
  expect({ basis, count: Math.round(allOf(growth).count) }).toEqual({ basis: 'upload_dates', count: 10 })
})

test('a camera whose clock runs ahead does not make a library grow', async () => {
  const { growth } = await measureUsage(listed(...copies(12, taken('2010-05-01T10:00:00')), taken('2099-01-01T00:00:00')), now)
  expect(allOf(growth).count).toBe(0)
})

test('knows by age what Intelligent-Tiering bills, by size what others do, and the renditions', async () => {
  const rendition = { name: 'view', widthPixels: 1, heightPixels: 1, sizeBytes: 400_000 } as const
  const { library, renditionBytesPerPhoto } = await measureUsage(
    listed(
      { sizeBytes: 1000, storedAt: '2026-11-20T00:00:00.000Z' },
      { sizeBytes: 20e6, storedAt: '2026-10-10T00:00:00.000Z', renditions: [rendition] },
      { sizeBytes: 100e6, storedAt: '2026-09-10T00:00:00.000Z' },
      { sizeBytes: 20e6, storedAt: '2020-09-10T00:00:00.000Z', renditions: [rendition] },
    ),
    now,
  )
  const one = (sizeBytes: number) => ({ count: 1, sizeBytes })
  expect(library.byAge).toMatchObject([{ small: one(1000) }, { whole: one(20e6) }, { parts: one(100e6) }, { whole: one(20e6) }])
  expect({ bytes: library.renditionBytes, each: renditionBytesPerPhoto }).toEqual({ bytes: 800_000, each: 200_000 })
})

test('nothing is stored', async () => {
  const usage = await measureUsage(listed(), now)
  expect({ ...originalsIn(usage.library), basis: usage.basis }).toEqual({ count: 0, sizeBytes: 0, basis: 'none' })
})

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

test('needs no more memory for 100,000 photos than for the first ones', async () => {
  const heapBytes: number[] = []
  async function* library(): AsyncGenerator<ListEntry> {
    for (let photo = 1; photo <= 100_000; photo += 1) {
      if (photo % 20_000 === 0) {
        if (typeof collectGarbage === 'function') collectGarbage()
        heapBytes.push(process.memoryUsage().heapUsed)
      }
      yield photoEntryOf({ ...bare, ...taken('2026-05-01T10:00:00'), camera: `camera ${photo}` })
    }
  }
  const usage = await measureUsage(library(), now)
  expect(originalsIn(usage.library).count).toBe(100_000)
  const [first = 0, last = 0] = [heapBytes.at(0), heapBytes.at(-1)]
  expect(last - first).toBeLessThan(1_000_000)
})
