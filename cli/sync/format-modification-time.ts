const nanosecondsInSecond = 1_000_000_000n
/** The range of an ECMAScript date: 100,000,000 days around 1970. */
const outermostSeconds = 8_640_000_000_000n

/**
 * An mtime in nanoseconds since 1970 as ISO 8601 in UTC, with as many digits of a second as it takes. A time that no
 * ECMAScript date reaches becomes the outermost one.
 */
export function formatModificationTime(nanoseconds: bigint): string {
  const remainder = nanoseconds % nanosecondsInSecond
  const fraction = remainder < 0n ? remainder + nanosecondsInSecond : remainder
  const seconds = clamp((nanoseconds - fraction) / nanosecondsInSecond)
  const digits = String(fraction).padStart(9, '0').replace(/0+$/, '')
  const moment = new Date(Number(seconds) * 1000).toISOString().replace(/^\+/, '').replace('.000Z', '')
  return `${moment}${digits && `.${digits}`}Z`
}

function clamp(seconds: bigint): bigint {
  if (seconds < -outermostSeconds) return -outermostSeconds
  return seconds > outermostSeconds ? outermostSeconds : seconds
}
