import { expect, test } from 'vitest'
import { UserError } from '../../cli/errors.ts'
import { parseTimeRange } from '../../cli/time-range.ts'

/** The clock of this machine. */
const now = new Date(2021, 5, 15, 18, 30, 0)

test.each([
  ['2021', '2021-01-01T00:00:00', '2022-01-01T00:00:00'],
  ['2021-06', '2021-06-01T00:00:00', '2021-07-01T00:00:00'],
  ['2021-12', '2021-12-01T00:00:00', '2022-01-01T00:00:00'],
  ['2021-06-15', '2021-06-15T00:00:00', '2021-06-16T00:00:00'],
  ['2020-02-29', '2020-02-29T00:00:00', '2020-03-01T00:00:00'],
  ['2021-06-15T18:30', '2021-06-15T18:30:00', '2021-06-15T18:31:00'],
  ['2021-06-15 18:30:59', '2021-06-15T18:30:59', '2021-06-15T18:31:00'],
  ['0d', '2021-06-15T00:00:00', '2021-06-16T00:00:00'],
  ['30d', '2021-05-16T00:00:00', '2021-05-17T00:00:00'],
  ['2w', '2021-06-01T00:00:00', '2021-06-02T00:00:00'],
  ['1y', '2020-06-15T00:00:00', '2020-06-16T00:00:00'],
  ['9999', '9999-01-01T00:00:00', '9999-12-31T23:59:59'],
])('%s is from %s until before %s', (text, from, before) => {
  expect(parseTimeRange({ since: text, until: text }, now)).toEqual({ from, before })
})

test('a moment with an offset is converted to the clock of this machine', () => {
  const local = new Date('2021-06-15T18:30:05Z')
  const wall = (seconds: number): string => {
    const shifted = new Date(local.getTime() - local.getTimezoneOffset() * 60_000 + seconds * 1000)
    return shifted.toISOString().slice(0, 19)
  }
  expect(parseTimeRange({ since: '2021-06-15T20:30:05+02:00', until: '2021-06-15T18:30:05Z' }, now)).toEqual({
    from: wall(0),
    before: wall(1),
  })
})

test('without flags there are no bounds', () => {
  expect(parseTimeRange({}, now)).toEqual({ from: undefined, before: undefined })
})

test.each([
  '',
  'yesterday',
  '21',
  '2021-6',
  '2021-13',
  '2021-02-30',
  '2021-06-15T25:00',
  '6m',
  '-3d',
  '99999d9',
  '99999y',
  '0000',
])('%j is refused with a hint', (since) => {
  const parse = (): unknown => parseTimeRange({ since }, now)
  expect(parse).toThrow(UserError)
  expect(parse).toThrow(expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('2021-06-15') }))
})

test('a range that ends before it begins is refused', () => {
  expect(() => parseTimeRange({ since: '2022', until: '2021' }, now)).toThrow('--since 2022 is after --until 2021')
})
