import { type Place, placeSchema } from '../../contract/photos.ts'
import type { ExifTags } from './exif-tags.ts'

/**
 * Where the picture was taken, from GPSLatitude and GPSLongitude with their hemispheres; undefined where any of them is
 * missing, not a number or not on earth. Exactly 0, 0 is what devices write before they have a fix, and counts as unknown.
 */
export function findPlace(tags: ExifTags): Place | undefined {
  const place = placeSchema.safeParse({
    latitude: decimalDegrees(tags.GPSLatitude, tags.GPSLatitudeRef, ['N', 'S']),
    longitude: decimalDegrees(tags.GPSLongitude, tags.GPSLongitudeRef, ['E', 'W']),
  })
  if (!place.success) return undefined
  const { latitude, longitude } = place.data
  return latitude === 0 && longitude === 0 ? undefined : place.data
}

function decimalDegrees(
  parts: readonly [number, number, number] | undefined,
  reference: string | undefined,
  [positive, negative]: readonly [string, string],
): number | undefined {
  const hemisphere = reference?.trim().charAt(0).toUpperCase()
  if (parts === undefined || parts.some((part) => part < 0)) return undefined
  const [degrees, minutes, seconds] = parts
  const value = degrees + minutes / 60 + seconds / 3600
  if (hemisphere === positive) return value
  // 0 - 0 is 0, where -0 would be written as "-0".
  return hemisphere === negative ? 0 - value : undefined
}
