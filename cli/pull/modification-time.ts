import { utimes } from 'node:fs/promises'
import { registeredLocationSchema } from '../../contract/photos.ts'
import type { BytePath } from '../byte-path.ts'
import { bytesOf } from '../byte-path.ts'

const parts = /^(-?\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/

/**
 * Microseconds since 1970 (negative before) of a location's modification time; finer digits are dropped. Undefined where the
 * text is not a moment that an ECMAScript date can tell.
 */
export function findModificationTime(text: string): bigint | undefined {
  if (!registeredLocationSchema.shape.modificationTime.safeParse(text).success) return undefined
  const [, year, month, day, hour, minute, second, fraction = ''] = parts.exec(text) ?? []
  // Date.UTC would take the years 0 to 99 for those of the twentieth century.
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  if (Number.isNaN(date.getTime())) return undefined
  return BigInt(date.getTime()) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}

/**
 * The same moment as `utimes` and `FileHandle.utimes` take it. As a string, because Node.js replaces a negative number by the
 * time of day; and 0.4 µs away from zero, because it goes through a double and libuv cuts it down to a microsecond.
 */
export function utimesArgument(microseconds: bigint): string {
  const seconds = Number(microseconds) / 1e6
  return String(seconds + (microseconds < 0n ? -4e-7 : 4e-7))
}

/** Sets a file's modification time unless it is right to the microsecond already. */
export async function correctModificationTime(path: BytePath, seenNanoseconds: bigint, microseconds: bigint): Promise<void> {
  if (floorToMicroseconds(seenNanoseconds) === microseconds) return
  const time = utimesArgument(microseconds)
  await utimes(bytesOf(path), time, time)
}

function floorToMicroseconds(nanoseconds: bigint): bigint {
  const remainder = ((nanoseconds % 1000n) + 1000n) % 1000n
  return (nanoseconds - remainder) / 1000n
}
