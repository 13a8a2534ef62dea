import type { Photo } from './photos.ts'

/**
 * Whether of two originals from the same path the second is a later version of the first. Cameras count to 9999 and begin anew,
 * and each card begins with the same names: it is one only where it was not taken at another time.
 */
export function isLaterVersion(older: Pick<Photo, 'captureTime'>, newer: Pick<Photo, 'captureTime'>): boolean {
  const times = [older.captureTime, newer.captureTime]
  return times.includes(null) || times[0] === times[1]
}
