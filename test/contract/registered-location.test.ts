import { expect, test } from 'vitest'
import { formatModificationTime } from '../../cli/sync/format-modification-time.ts'
import { locationSchema, registeredLocationSchema } from '../../contract/photos.ts'

const location = { device: 'laptop', path: 'DCIM/a.jpg', modificationTime: '2021-06-01T00:00:00Z' }

const bytesOf = (path: string): string => Buffer.from(path, 'latin1').toString('base64')

test.each([
  ['a month', { modificationTime: '2021-13-01T00:00:00Z' }],
  ['a day', { modificationTime: '2021-01-32T00:00:00Z' }],
  ['an hour', { modificationTime: '2021-01-01T24:00:00Z' }],
  ['a second', { modificationTime: '2021-01-01T00:00:60Z' }],
  ['a year', { modificationTime: '999999-01-01T00:00:00Z' }],
  ['bytes that climb', { pathBytes: bytesOf('DCIM/../../\xff.jpg') }],
  ['bytes of an absolute path', { pathBytes: bytesOf('/\xff.jpg') }],
  ['no bytes', { pathBytes: '' }],
])('%s that cannot be is not registered, and is still read where it was', (_what, wrong) => {
  expect(registeredLocationSchema.safeParse({ ...location, ...wrong }).success).toBe(false)
  expect(locationSchema.safeParse({ ...location, ...wrong }).success).toBe(true)
})

test('what a sync tells is registered', () => {
  for (const nanoseconds of [0n, -1n, 10n ** 27n, -(10n ** 27n), 1_572_106_044_123_456_789n]) {
    const told = { ...location, modificationTime: formatModificationTime(nanoseconds), pathBytes: bytesOf('DCIM/\xff.jpg') }
    expect(registeredLocationSchema.parse(told)).toEqual(told)
  }
})
