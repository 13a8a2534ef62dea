import * as z from 'zod'

// A tag of the wrong type (a number for a camera, text for degrees) is as good as absent: it must not cost the others.
const text = z.string().max(65_536).optional().catch(undefined)
const degrees = z.tuple([z.number(), z.number(), z.number()]).optional().catch(undefined)

const dateTags = {
  DateTimeOriginal: text,
  SubSecTimeOriginal: text,
  OffsetTimeOriginal: text,
  CreateDate: text,
  SubSecTimeDigitized: text,
  OffsetTimeDigitized: text,
  SubSecTime: text,
  OffsetTime: text,
}

const exifSchema = z.object(dateTags).optional().catch(undefined)
const ifd0Schema = z
  .object({ ...dateTags, Make: text, Model: text, ModifyDate: text })
  .optional()
  .catch(undefined)
const gpsSchema = z
  .object({ GPSLatitude: degrees, GPSLatitudeRef: text, GPSLongitude: degrees, GPSLongitudeRef: text })
  .optional()
  .catch(undefined)

/**
 * The tags that `exif-worker.mjs` reads, as the camera wrote them: dates `2021:06:01 12:00:00`, degrees as degrees, minutes
 * and seconds (EXIF 2.32; `CreateDate` is DateTimeDigitized, `ModifyDate` is IFD0's DateTime). Whatever else the file
 * holds in their place is dropped here, and nothing after it has to check again.
 */
export const exifTagsSchema = z
  .object({ ifd0: ifd0Schema, exif: exifSchema, gps: gpsSchema })
  .catch({ ifd0: undefined, exif: undefined, gps: undefined })
  // TIFF/EP, and so RAW, may keep the dates in IFD0 where EXIF has them in its own directory.
  .transform(({ ifd0, exif, gps }) => ({ ...ifd0, ...definedOf(exif), ...gps }))
export type ExifTags = z.infer<typeof exifTagsSchema>

function definedOf<T extends object>(tags: T | undefined): Partial<T> | undefined {
  if (tags === undefined) return undefined
  const copy: Partial<T> = { ...tags }
  for (const name in copy) if (copy[name] === undefined) delete copy[name]
  return copy
}
