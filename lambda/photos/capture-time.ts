import type { ExifTags } from './exif-tags.ts'

export interface CaptureTime {
  /** ISO 8601 as contract/photos.ts has it: the camera's own digits, an offset only where the camera wrote one. */
  readonly captureTime: string
  readonly captureTimeSource: 'DateTimeOriginal' | 'CreateDate' | 'ModifyDate'
}

/** The year of the first photograph; what is before it is a clock that was never set. */
const firstYear = 1826

/**
 * When the shutter opened: DateTimeOriginal, else when it was digitized, else when the file was changed, each with its
 * own fraction of a second and its own offset (EXIF 2.32, tags 0x9003–0x9012 and 0x9290–0x9292). A date that does not
 * exist counts as absent. XMP, IPTC and GPS dates are other clocks and are not looked at.
 */
export function findCaptureTime(tags: ExifTags): CaptureTime | undefined {
  const candidates = [
    ['DateTimeOriginal', tags.DateTimeOriginal, tags.SubSecTimeOriginal, tags.OffsetTimeOriginal],
    ['CreateDate', tags.CreateDate, tags.SubSecTimeDigitized, tags.OffsetTimeDigitized],
    ['ModifyDate', tags.ModifyDate, tags.SubSecTime, tags.OffsetTime],
  ] as const
  for (const [captureTimeSource, date, fraction, offset] of candidates) {
    const wallTime = parseWallTime(date)
    if (wallTime) return { captureTime: wallTime + fractionOf(fraction) + offsetOf(offset), captureTimeSource }
  }
  return undefined
}

/** `2021:06:01 12:00:00` as `2021-06-01T12:00:00`; undefined for every other form and for a moment that no calendar has. */
function parseWallTime(exifDate: string | undefined): string | undefined {
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(trim(exifDate))
  if (!match) return undefined
  const [, year, month, day, time] = match
  const wallTime = `${year}-${month}-${day}T${time}`
  const inUtc = new Date(`${wallTime}Z`)
  // Date turns 30 February into 2 March and 24:00:00 into the next day; what comes back changed does not exist.
  const exists = !Number.isNaN(inUtc.getTime()) && inUtc.toISOString().startsWith(wallTime)
  return exists && inUtc.getUTCFullYear() >= firstYear ? wallTime : undefined
}

/** The camera's digits, trailing zeros included: `.10` is how finely it measured. The contract keeps nine. */
function fractionOf(subSecTime: string | undefined): string {
  const digits = trim(subSecTime)
  return /^\d+$/.test(digits) ? `.${digits.slice(0, 9)}` : ''
}

/** An offset that exists on earth, -12:00 to +14:00; blank ones ("   :  ") mean that the zone is unknown. */
function offsetOf(offsetTime: string | undefined): string {
  const offset = trim(offsetTime)
  return /^(Z|[+-](0\d|1[01]):[0-5]\d|[+-]12:00|\+1[23]:[0-5]\d|\+14:00)$/.test(offset) ? offset : ''
}

/** EXIF text ends with a NUL, and cameras pad it with more of them or with spaces. */
function trim(text: string | undefined): string {
  return (text ?? '').split('\0', 1).join('').trim()
}
