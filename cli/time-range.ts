import { UserError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'
import type { ListRange } from './remote/remote.ts'

export interface TimeRangeText {
  /** As typed after `--since`. */
  readonly since?: string | undefined
  /** As typed after `--until`. */
  readonly until?: string | undefined
}

/** A year, month, day, minute or second, on the clock of the camera. */
interface Span {
  readonly start: string
  /** The first moment after it. */
  readonly end: string
}

/**
 * The wall-time range of `--since` and `--until`, both inclusive of the whole year, month or day that they name. Knows
 * `2021`, `2021-06`, `2021-06-15`, `2021-06-15T18:30`, `2021-06-15T18:30:00`, the same with an offset (converted to this
 * machine's zone), and `30d`, `2w`, `1y`: the day that was so long ago. Months have no letter: `m` is a minute to rclone
 * and a month to restic. Throws a `UserError` for anything else.
 */
export function parseTimeRange({ since, until }: TimeRangeText, now: Date): ListRange {
  const example = 'photos ls --since 2021-06 --until 2021-08'
  return parseBetween({ flag: '--since', text: since }, { flag: '--until', text: until }, { now, example })
}

export interface ModificationRangeText {
  /** As typed after `--newer`. */
  readonly newer?: string | undefined
  /** As typed after `--older`. */
  readonly older?: string | undefined
}

/** Milliseconds since 1970. */
export interface ModificationRange {
  readonly fromMs: number | undefined
  /** The first moment after it. */
  readonly beforeMs: number | undefined
}

/**
 * The range of `--newer` and `--older` by the clock of this machine, both inclusive; times are written as those of
 * {@link parseTimeRange}. Throws a `UserError` for anything else.
 */
export function parseModificationRange({ newer, older }: ModificationRangeText, now: Date): ModificationRange {
  const example = 'photos sync --newer 2021-06 --older 2021-08 DIR'
  const { from, before } = parseBetween({ flag: '--newer', text: newer }, { flag: '--older', text: older }, { now, example })
  return { fromMs: localMs(from), beforeMs: localMs(before) }
}

/** Without an offset, JavaScript takes it for a time of this machine. */
function localMs(wallTime: string | undefined): number | undefined {
  return wallTime === undefined ? undefined : new Date(wallTime).getTime()
}

/** Whether it is written as {@link parseTimeRange} knows times. */
export function isTime(text: string, now: Date): boolean {
  return findSpan(text, now) !== undefined
}

interface TypedTime {
  readonly flag: string
  readonly text: string | undefined
}

interface Typing {
  readonly now: Date
  /** What is typed in a hint. */
  readonly example: string
}

function parseBetween(first: TypedTime, last: TypedTime, typing: Typing): ListRange {
  const from = findTypedSpan(first, typing)?.start
  const before = findTypedSpan(last, typing)?.end
  if (from !== undefined && before !== undefined && from >= before) {
    throw usageError(`${first.flag} ${first.text} is after ${last.flag} ${last.text}`, typing)
  }
  return { from, before }
}

function findTypedSpan({ flag, text }: TypedTime, typing: Typing): Span | undefined {
  if (text === undefined) return undefined
  const span = findSpan(text, typing.now)
  if (!span) throw usageError(`${flag} ${text} is not a time`, typing)
  return span
}

function findSpan(text: string, now: Date): Span | undefined {
  const trimmed = text.trim()
  return findDaysAgo(trimmed, now) ?? findZoned(trimmed) ?? findCalendarSpan(trimmed)
}

function usageError(message: string, { example }: Typing): UserError {
  return new UserError(message, {
    exitCode: exitCodes.usage,
    hint: `write 2021, 2021-06, 2021-06-15, 2021-06-15T18:30 or 30d (2w, 1y): ${example}`,
  })
}

const daysPerUnit = { d: 1, w: 7 }

function findDaysAgo(text: string, now: Date): Span | undefined {
  const [, count, unit] = /^(\d{1,5})([dwy])$/.exec(text) ?? []
  if (count === undefined) return undefined
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()]
  if (unit === 'y') return spanOf(year - Number(count), month, day)
  return spanOf(year, month, day - Number(count) * daysPerUnit[unit === 'w' ? 'w' : 'd'])
}

/** The day of these numbers, which may lie beyond the end of their month; undefined before the year 1. */
function spanOf(year: number, month: number, day: number): Span | undefined {
  const start = utc([year, month, day])
  return Number(start.toISOString().slice(0, 4)) > 0
    ? { start: wallTime(start), end: wallTime(utc([year, month, day + 1])) }
    : undefined
}

/** A moment with an offset, as this machine's clock showed it. */
function findZoned(text: string): Span | undefined {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i.test(text)) return undefined
  const moment = new Date(text.replace(' ', 'T'))
  if (Number.isNaN(moment.getTime())) return undefined
  const [year, month, day] = [moment.getFullYear(), moment.getMonth(), moment.getDate()]
  const [hour, minute, second] = [moment.getHours(), moment.getMinutes(), moment.getSeconds()]
  return {
    start: wallTime(utc([year, month, day, hour, minute, second])),
    end: wallTime(utc([year, month, day, hour, minute, second + 1])),
  }
}

type CalendarNumbers = [year: number, month?: number, day?: number, hour?: number, minute?: number, second?: number]

/** `2021` to `2021-06-15T18:30:00`: as much as is named, whole. */
function findCalendarSpan(text: string): Span | undefined {
  const match = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?)?)?$/.exec(text)
  if (!match) return undefined
  const named = match.slice(1).filter((digits) => digits !== undefined)
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = named.map(Number)
  const numbers: Required<CalendarNumbers> = [year, month - 1, day, hour, minute, second]
  const start = wallTime(utc(numbers))
  // A thirteenth month or a thirtieth of February would roll over into another date than was typed.
  if (year === 0 || !start.startsWith(text.replace(' ', 'T'))) return undefined
  return { start, end: wallTime(utc(withNext(numbers, named.length - 1))) }
}

function withNext(numbers: Required<CalendarNumbers>, index: number): Required<CalendarNumbers> {
  const [year, month, day, hour, minute, second] = numbers
  const add = (position: number): number => (position === index ? 1 : 0)
  return [year + add(0), month + add(1), day + add(2), hour + add(3), minute + add(4), second + add(5)]
}

/** Wall time is reckoned in UTC, where no hour is missing or doubled. */
function utc([year, month = 0, day = 1, hour = 0, minute = 0, second = 0]: CalendarNumbers): Date {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  date.setUTCHours(hour, minute, second)
  return date
}

function wallTime(date: Date): string {
  return date.getUTCFullYear() > 9999 ? '9999-12-31T23:59:59' : date.toISOString().slice(0, 19)
}
