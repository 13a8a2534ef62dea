import { describe, expect, it } from 'vitest'
import { formatModificationTime } from '../../../cli/sync/format-modification-time.ts'
import { locationSchema } from '../../../contract/photos.ts'

describe('formatModificationTime', () => {
  it.each([
    [0n, '1970-01-01T00:00:00Z'],
    [1_600_000_000_123_456_789n, '2020-09-13T12:26:40.123456789Z'],
    [1_600_000_000_500_000_000n, '2020-09-13T12:26:40.5Z'],
    [-86_400_000_000_000n, '1969-12-31T00:00:00Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [4_102_444_800_000_000_000n, '2100-01-01T00:00:00Z'],
    [253_402_300_800_000_000_000n, '010000-01-01T00:00:00Z'],
    [10n ** 30n, '275760-09-13T00:00:00Z'],
    [-(10n ** 30n), '-271821-04-20T00:00:00Z'],
  ])('%s is %s', (nanoseconds, expected) => {
    expect(formatModificationTime(nanoseconds)).toBe(expected)
    expect(locationSchema.shape.modificationTime.safeParse(expected).success).toBe(true)
  })
})
