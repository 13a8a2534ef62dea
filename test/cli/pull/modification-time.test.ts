import { open, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { correctModificationTime, findModificationTime, utimesArgument } from '../../../cli/pull/modification-time.ts'
import { formatModificationTime } from '../../../cli/sync/format-modification-time.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test.each([
  ['1970-01-01T00:00:00Z', 0n],
  ['2019-10-26T16:07:24.123456Z', 1_572_106_044_123_456n],
  ['2019-10-26T16:07:24.123456789Z', 1_572_106_044_123_456n],
  ['2019-10-26T16:07:24.5Z', 1_572_106_044_500_000n],
  ['1969-12-31T23:59:58.500000Z', -1_500_000n],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000_000n],
])('%s is %i µs', (text, microseconds) => {
  expect(findModificationTime(text)).toBe(microseconds)
})

test.each(['999999-99-99T99:99:99Z', '299999-01-01T00:00:00Z', '2019-13-01T00:00:00Z', '2019-01-01T24:00:00Z', 'yesterday'])(
  '%s is no time',
  (text) => {
    expect(findModificationTime(text)).toBeUndefined()
  },
)

const firstNanosecond = BigInt(Date.UTC(1902, 0)) * 1_000_000n
const lastNanosecond = BigInt(Date.UTC(2105, 0)) * 1_000_000n

test('what a sync writes down comes back to the microsecond, from 1902 to 2105', async () => {
  const path = join(await temporaryFolder(), 'IMG_0001.JPG')
  await writeFile(path, '')
  const file = await open(path, 'r+')
  try {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: firstNanosecond, max: lastNanosecond }), async (nanoseconds) => {
        const time = utimesArgument(findModificationTime(formatModificationTime(nanoseconds)) ?? 0n)
        await file.utimes(time, time)
        const { mtimeNs } = await file.stat({ bigint: true })
        expect(mtimeNs - (mtimeNs % 1000n)).toBe(nanoseconds - (((nanoseconds % 1000n) + 1000n) % 1000n))
      }),
      { numRuns: 500 },
    )
  } finally {
    await file.close()
  }
})

test('leaves a time alone that is right but for its nanoseconds', async () => {
  const path = join(await temporaryFolder(), 'IMG_0001.JPG')
  await writeFile(path, '')
  const { mtimeNs } = await stat(path, { bigint: true })
  await correctModificationTime(bytePathOf(path), 1_000_001_999n, 1_000_001n)
  expect((await stat(path, { bigint: true })).mtimeNs).toBe(mtimeNs)
  await correctModificationTime(bytePathOf(path), mtimeNs, -1_500_000n)
  expect((await stat(path, { bigint: true })).mtimeNs).toBe(-1_500_000_000n)
})
