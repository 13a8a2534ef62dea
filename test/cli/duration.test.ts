import { expect, test } from 'vitest'
import { parseDuration } from '../../cli/duration.ts'

const hour = 3_600_000

test.each([
  ['10', 10_000],
  ['0', 0],
  ['1.5', 1500],
  ['10s', 10_000],
  ['100ms', 100],
  ['10m', 600_000],
  ['90m', 1.5 * hour],
  ['1h30m', 1.5 * hour],
  ['1.5h', 1.5 * hour],
  ['1h2m3s4ms', hour + 2 * 60_000 + 3004],
  ['2d', 48 * hour],
  ['1d12h', 36 * hour],
  ['1w', 7 * 24 * hour],
  ['1M', 30 * 24 * hour],
  ['1y', 365 * 24 * hour],
  [' 5m ', 300_000],
])('%s is %i ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each(['', 's', 'h1', '1x', '1H', '-1s', '1h 30m', '1,5h', '1h30', 'Infinity', `${'9'.repeat(40)}y`])(
  '%j is no duration',
  (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ exitCode: 2 }))
  },
)
