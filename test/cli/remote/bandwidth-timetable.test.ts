import { expect, test } from 'vitest'
import { bandwidthAt, parseBandwidth } from '../../../cli/remote/bandwidth-timetable.ts'

const k = 1024
const M = 1024 * k

/** The limits of rclone's own table for `--bwlimit`, both directions in bytes a second. */
test.each([
  ['0', undefined, undefined],
  ['off', undefined, undefined],
  ['OFF', undefined, undefined],
  ['Off:100k', undefined, 100 * k],
  ['666', 666 * k, 666 * k],
  ['10M', 10 * M, 10 * M],
  ['512k', 512 * k, 512 * k],
  ['100B', 100, 100],
  ['666:333', 666 * k, 333 * k],
  ['10M:off', 10 * M, undefined],
  ['off:100k', undefined, 100 * k],
  ['10M:100k', 10 * M, 100 * k],
])('%s holds always', (text, upBytesPerSecond, downBytesPerSecond) => {
  expect(parseBandwidth(text)).toEqual([{ minuteOfWeek: 0, limit: { upBytesPerSecond, downBytesPerSecond } }])
})

test.each(['', ' ', 'bad', 'bad bad', 'bad,bad', '1000X', '2401,666', '1061,666', '24:00,1M', '10:60,1M', '1:2:3'])(
  '%j is none',
  (text) => {
    expect(() => parseBandwidth(text)).toThrow(expect.objectContaining({ exitCode: 2 }))
  },
)

test.each(['bad-10:20,666', 'Mon-bad,666', 'Mon-10:20,bad', '10:20,666 11:00', 'Mo-10:20,666', '10:20,1:2:3'])(
  '%j is no timetable',
  (text) => {
    expect(() => parseBandwidth(text)).toThrow(expect.objectContaining({ exitCode: 2 }))
  },
)

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `Mon 08:00` in a week of January 2026, in the zone of this machine. */
function moment(text: string): Date {
  const [, day = '', hours, minutes] = /^(\w+) (\d\d):(\d\d)$/.exec(text) ?? []
  return new Date(2026, 0, 4 + days.indexOf(day), Number(hours), Number(minutes))
}

const daily = '08:00,512k 12:00,10M 13:00,512k 18:00,30M 23:00,off'
const weekly = 'Mon-00:00,512 Fri-23:59,10M Sat-10:00,1M Sun-20:00,off'
const mixed = 'Mon-00:00,512 12:00,1M Sun-20:00,off'

test.each([
  [daily, 'Wed 08:00', 512 * k],
  [daily, 'Wed 07:59', undefined],
  [daily, 'Sun 00:00', undefined],
  [daily, 'Sat 12:30', 10 * M],
  [daily, 'Sat 13:00', 512 * k],
  [daily, 'Fri 22:59', 30 * M],
  [daily, 'Fri 23:00', undefined],
  [weekly, 'Mon 00:00', 512 * k],
  [weekly, 'Thu 12:00', 512 * k],
  [weekly, 'Fri 23:59', 10 * M],
  [weekly, 'Sat 10:00', M],
  [weekly, 'Sun 19:59', M],
  [weekly, 'Sun 20:00', undefined],
  [mixed, 'Mon 11:00', 512 * k],
  [mixed, 'Mon 12:00', M],
  [mixed, 'Thu 03:00', M],
  [mixed, 'Sun 21:00', undefined],
  ['monday-08:00,1M;Saturday-10:00,off', 'Sun 10:00', undefined],
  ['monday-08:00,1M;Saturday-10:00,off', 'Tue 10:00', M],
  ['Wed-10:00,1M:2M', 'Tue 10:00', M],
])('%s at %s', (text, at, upBytesPerSecond) => {
  expect(bandwidthAt(parseBandwidth(text), moment(at)).upBytesPerSecond).toBe(upBytesPerSecond)
})
