import { UserError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'

const second = 1000
const day = 24 * 60 * 60 * second
const millisecondsPer: Readonly<Record<string, number>> = {
  ms: 1,
  s: second,
  m: 60 * second,
  h: 60 * 60 * second,
  d: day,
  w: 7 * day,
  M: 30 * day,
  y: 365 * day,
}

const amount = String.raw`(\d+(?:\.\d*)?|\.\d+)`
const onePart = new RegExp(`${amount}(ms|[smhdwMy])`, 'g')
const allParts = new RegExp(`^(?:${amount}(?:ms|[smhdwMy]))+$`)

/**
 * How many milliseconds a duration stands for, in rclone's grammar: `90` and `90s` are seconds, `1h30m` an hour and a half; `ms`,
 * `m`, `h`, `d`, `w`, `M` (30 days) and `y` (365 days) are the other units. Throws a `UserError` with exit code 2 for anything
 * else. Source: https://rclone.org/docs/#time-options
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  const written = new RegExp(`^${amount}$`).test(trimmed) ? `${trimmed}s` : trimmed
  let milliseconds = Number.NaN
  if (allParts.test(written)) {
    milliseconds = 0
    for (const [, number, unit = 's'] of written.matchAll(onePart)) milliseconds += Number(number) * (millisecondsPer[unit] ?? 0)
  }
  if (Number.isSafeInteger(Math.round(milliseconds))) return Math.round(milliseconds)
  throw new UserError(`'${text}' is not a duration`, {
    exitCode: exitCodes.usage,
    hint: 'write 90s, 10m or 1h30m; a number alone counts seconds, and d, w, M and y are days, weeks, months and years',
  })
}
