import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseSize } from '../size.ts'

/** Bytes a second; undefined for as many as the line takes. */
export interface BandwidthLimit {
  readonly upBytesPerSecond: number | undefined
  readonly downBytesPerSecond: number | undefined
}

interface Slot {
  /** Minutes since Sunday, 00:00, on this machine's clock. */
  readonly minuteOfWeek: number
  readonly limit: BandwidthLimit
}

/** When which limit begins, in the order of the week; each holds until the next one begins, over the end of the week. Never empty. */
export type BandwidthTimetable = readonly [Slot, ...Slot[]]

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const minutesPerDay = 24 * 60

/**
 * What `--bwlimit` asks for, in rclone's grammar: `10M`, `512k`, `off`, `UP:DOWN` as in `10M:off`, and timetables,
 * `08:00,512k 12:00,10M 23:00,off` or `Mon-08:00,512k Sat-10:00,off`. A number alone counts KiB a second, and 0 is `off`. Throws a
 * `UserError` with exit code 2 for anything else. Source: https://rclone.org/docs/#bwlimit-bwtimetable
 */
export function parseBandwidth(text: string): BandwidthTimetable {
  const entries = text.split(/[\s;]+/).filter((entry) => entry !== '')
  const [only] = entries
  if (only !== undefined && entries.length === 1 && !only.includes(',')) {
    return [{ minuteOfWeek: 0, limit: parseLimit(only, text) }]
  }
  const [first, ...rest] = entries
    .flatMap((entry) => parseEntry(entry, text))
    .toSorted((one, other) => one.minuteOfWeek - other.minuteOfWeek)
  if (first === undefined) throw notABandwidth(text)
  return [first, ...rest]
}

/** The limit that holds at a moment, on this machine's clock. */
export function bandwidthAt(timetable: BandwidthTimetable, moment: Date): BandwidthLimit {
  const minute = (moment.getDay() * 24 + moment.getHours()) * 60 + moment.getMinutes()
  const slot = timetable.findLast(({ minuteOfWeek }) => minuteOfWeek <= minute) ?? timetable.at(-1) ?? timetable[0]
  return slot.limit
}

/** `Mon-08:00,512k`; without a day it is one of each day. */
function parseEntry(entry: string, text: string): readonly Slot[] {
  const [, weekday, hours, minutes, limitText] = /^(?:([a-z]+)-)?(\d\d):(\d\d),(.+)$/i.exec(entry) ?? []
  if (limitText === undefined || Number(hours) > 23 || Number(minutes) > 59) throw notABandwidth(text)
  const minute = Number(hours) * 60 + Number(minutes)
  const limit = parseLimit(limitText, text)
  const days = weekday === undefined ? weekdays.keys() : [findWeekday(weekday, text)]
  return [...days].map((day) => ({ minuteOfWeek: day * minutesPerDay + minute, limit }))
}

/** `Mon` and `Monday`. */
function findWeekday(name: string, text: string): number {
  const day = weekdays.indexOf(name.slice(0, 3).toLowerCase())
  if (day === -1 || !/^(sun|mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?)(day)?$/i.test(name)) throw notABandwidth(text)
  return day
}

function parseLimit(limit: string, text: string): BandwidthLimit {
  const [up = '', down = up, ...more] = limit.split(':')
  if (more.length > 0) throw notABandwidth(text)
  return { upBytesPerSecond: parseRate(up, text), downBytesPerSecond: parseRate(down, text) }
}

function parseRate(rate: string, text: string): number | undefined {
  if (rate.toLowerCase() === 'off') return undefined
  try {
    const bytesPerSecond = parseSize(rate)
    return bytesPerSecond === 0 ? undefined : bytesPerSecond
  } catch (error) {
    throw notABandwidth(text, error)
  }
}

function notABandwidth(text: string, cause?: unknown): UserError {
  return new UserError(`'${text}' is not a bandwidth`, {
    exitCode: exitCodes.usage,
    hint: "write 10M, 512k, off, UP:DOWN as in 1M:off, or times of the day: --bwlimit '08:00,512k 23:00,off'",
    cause,
  })
}
