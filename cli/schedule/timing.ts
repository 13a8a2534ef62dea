import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** When a job runs, by the clock of its machine; such that every scheduler can say it. Weekly is on Sunday. */
export type Timing =
  | { readonly kind: 'minutes'; readonly every: number }
  | { readonly kind: 'hours'; readonly every: number }
  | { readonly kind: 'daily' | 'weekly'; readonly hour: number; readonly minute: number }

const usualTime = '03:00'
const minutes = [5, 10, 15, 20, 30]
const hours = [1, 2, 3, 4, 6, 8, 12]
const kinds = new Map<string, 'daily' | 'weekly'>([
  ['1d', 'daily'],
  ['7d', 'weekly'],
  ['1w', 'weekly'],
])

/**
 * Throws a `UserError` with exit code 2 for what not every scheduler knows.
 *
 * @param every `30m`, `6h`, `1d`, `7d` or `1w`; a day where nothing is said
 * @param at `03:00`, of days and weeks only
 */
export function parseTiming({ every = '1d', at }: { readonly every?: string; readonly at?: string }): Timing {
  const kind = kinds.get(every)
  if (kind !== undefined) return { kind, ...parseTime(at ?? usualTime) }
  const interval = parseInterval(every)
  if (at === undefined) return interval
  throw new UserError(`--at ${at} and --every ${every} contradict each other`, {
    exitCode: exitCodes.usage,
    hint: 'give --at alone for once a day, or with --every 7d',
  })
}

function parseInterval(text: string): Timing {
  const [, digits, unit] = /^(\d{1,2})([mh])$/.exec(text) ?? []
  const every = Number(digits)
  if (unit === 'm' && minutes.includes(every)) return { kind: 'minutes', every }
  if (unit === 'h' && hours.includes(every)) return { kind: 'hours', every }
  const known = [...minutes.map((count) => `${count}m`), ...hours.map((count) => `${count}h`), ...kinds.keys()].join(', ')
  throw new UserError(`--every ${text} is not what every scheduler knows`, {
    exitCode: exitCodes.usage,
    hint: `give one of ${known}`,
  })
}

function parseTime(text: string): { readonly hour: number; readonly minute: number } {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) {
    throw new UserError(`--at ${text} is not a time of day`, { exitCode: exitCodes.usage, hint: 'write --at 03:00' })
  }
  return { hour: Number(hour), minute: Number(minute) }
}

export function formatTiming(timing: Timing): string {
  switch (timing.kind) {
    case 'minutes':
      return `every ${timing.every} minutes`
    case 'hours':
      return timing.every === 1 ? 'every hour' : `every ${timing.every} hours`
    case 'daily':
      return `every day at ${formatTime(timing)}`
    case 'weekly':
      return `every Sunday at ${formatTime(timing)}`
  }
}

export function formatTime({ hour, minute }: { readonly hour: number; readonly minute: number }): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}

/** When a job runs the next time after a moment, by the clock of this machine. */
export function findNextRun(timing: Timing, now: Date): Date {
  const next = new Date(now)
  switch (timing.kind) {
    case 'minutes':
      next.setMinutes(now.getMinutes() - (now.getMinutes() % timing.every) + timing.every, 0, 0)
      return next
    case 'hours':
      next.setHours(now.getHours() - (now.getHours() % timing.every) + timing.every, 0, 0, 0)
      return next
    case 'daily':
    case 'weekly':
      next.setHours(timing.hour, timing.minute, 0, 0)
      while (next <= now || (timing.kind === 'weekly' && next.getDay() !== 0)) next.setDate(next.getDate() + 1)
      return next
  }
}

/** `2026-11-24 03:00`, by the clock of this machine. */
export function formatMoment(moment: Date): string {
  const [month, day] = [moment.getMonth() + 1, moment.getDate()].map((number) => String(number).padStart(2, '0'))
  return `${moment.getFullYear()}-${month}-${day} ${formatTime({ hour: moment.getHours(), minute: moment.getMinutes() })}`
}
