import * as z from 'zod'
import { contentHashSchema } from './content-hash.ts'
import { objectKeySchema, renditionNameSchema } from './object-keys.ts'

/** Most entries of one list page, and most items of one batch request. */
export const maximumBatchSize = 100

/**
 * When the shutter opened, in ISO 8601, as the camera wrote it: the fraction keeps the camera's digits, and there is an
 * offset only where the camera wrote one (EXIF DateTimeOriginal, SubSecTimeOriginal, OffsetTimeOriginal). A moment that no
 * calendar or clock has, as in month 00 or second 60, is none.
 */
export const captureTimeSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/, 'a capture time is ISO 8601')
  .refine((captureTime) => isOnCalendar(captureTime.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)), 'a capture time is on the calendar')

function isOnCalendar(wallTime: string): boolean {
  const inUtc = new Date(`${wallTime}Z`)
  // Date turns 30 February into 2 March: what comes back changed does not exist.
  return !Number.isNaN(inUtc.getTime()) && inUtc.toISOString().startsWith(wallTime)
}

/** A moment on the clock where the picture was taken, to the second: `2021-06-01T00:00:00`. List ranges are in wall time. */
export const wallTimeSchema = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, 'a wall time is YYYY-MM-DDTHH:MM:SS')

export const renditionSchema = z.object({
  name: renditionNameSchema,
  widthPixels: z.int().positive(),
  heightPixels: z.int().positive(),
  sizeBytes: z.int().positive(),
})
export type Rendition = z.infer<typeof renditionSchema>

/** Decimal degrees, WGS 84, north and east positive. */
export const placeSchema = z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
export type Place = z.infer<typeof placeSchema>

/** What is read from an original's own bytes. */
export const photoMetadataSchema = z.object({
  captureTime: captureTimeSchema.nullable(),
  /** The tag that the capture time came from, such as `DateTimeOriginal`. */
  captureTimeSource: z.string().max(64).nullable(),
  camera: z.string().max(256).nullable(),
  /** Upright, that is after orientation. */
  widthPixels: z.int().positive().nullable(),
  heightPixels: z.int().positive().nullable(),
  place: placeSchema.nullable(),
})
export type PhotoMetadata = z.infer<typeof photoMetadataSchema>

/** One indexed original. */
export const photoSchema = photoMetadataSchema.extend({
  contentHash: contentHashSchema,
  sizeBytes: z.int().nonnegative(),
  contentType: z.string().min(1).max(128),
  renditions: z.array(renditionSchema).readonly(),
  /** Why there are no renditions; null where there are. */
  reason: z.string().max(500).nullable(),
  /** ISO 8601 in UTC. */
  storedAt: z.iso.datetime(),
})
export type Photo = z.infer<typeof photoSchema>

/**
 * A path with `/` between its segments, which starts with the name of the synced folder. Never absolute, never
 * climbing: what is parsed here can be joined to a folder.
 */
export const relativePathSchema = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes('\0') && path.split('/').every((segment) => !['', '.', '..'].includes(segment)), {
    message: 'a path is relative, without empty, "." or ".." segments',
  })

/**
 * Where an original was found on a device; from these a pull rebuilds the tree. One original may have many, each of its own
 * `device`, `sourceId` and path.
 */
export const locationSchema = z.object({
  /** The name of the machine that synced it. */
  device: z.string().min(1).max(255),
  path: relativePathSchema,
  /** The exact bytes of the path in base64, only where the path is not valid UTF-8 (`path` then shows U+FFFD). */
  pathBytes: z.base64().max(8192).optional(),
  /**
   * Which folder of the device the path begins in: the first 16 digits of the SHA-256 of that folder's own path. Two synced
   * folders of one name, as of two cards, differ in it. Not known of locations that were registered by a release before:
   * such a one stands for itself beside those of which it is known.
   */
  sourceId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** The file system's mtime: ISO 8601 in UTC with up to 9 digits of a second. */
  modificationTime: z
    .string()
    .regex(/^-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/, 'a modification time is ISO 8601 in UTC'),
})
export type Location = z.infer<typeof locationSchema>

/**
 * A location that may be registered. Stricter than {@link locationSchema}, which also reads what was registered before these
 * rules: one such location must not make a whole list unreadable.
 */
export const registeredLocationSchema = locationSchema.extend({
  pathBytes: locationSchema.shape.pathBytes.refine(
    // A character a byte: the rules for a path are about ASCII characters, which are the same bytes.
    (bytes) => bytes === undefined || relativePathSchema.safeParse(Buffer.from(bytes, 'base64').toString('latin1')).success,
    { message: 'the bytes of a path are relative, without empty, "." or ".." segments' },
  ),
  modificationTime: z
    .string()
    .regex(
      /^-?(\d{4}|0\d{5}|[12]\d{5})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/,
      'a modification time is ISO 8601 in UTC',
    ),
})

/** A location as it is listed, with what was heard of it since. */
export const listedLocationSchema = locationSchema.extend({
  /** When it was registered last: ISO 8601 in UTC. Not known of locations that were registered by a release before. */
  seenAt: z.iso.datetime().optional(),
  /** Only where its device has found that the original no longer lies there. */
  gone: z
    .object({
      /** ISO 8601 in UTC. */
      at: z.iso.datetime(),
      /** Whether a later version of the same photo lies there now: then the original is an old version, and not only moved. */
      replaced: z.boolean(),
    })
    .optional(),
})
export type ListedLocation = z.infer<typeof listedLocationSchema>

/** A registered location at which its device no longer finds the original: the very one, of the same `sourceId` or of none. */
export const goneLocationSchema = registeredLocationSchema.omit({ modificationTime: true }).extend({
  /** What was stored from the same path since. */
  replacedBy: contentHashSchema.optional(),
})
export type GoneLocation = z.infer<typeof goneLocationSchema>

/**
 * `GET /v1/photos?from=&before=&undated=&trashed=&cursor=`. `from` is inclusive, `before` exclusive, both wall time.
 * With neither, every photo is listed, undated ones last; with `undated=true` only those without a capture time. What its
 * owner has put into the trash is listed with `trashed=true`, and then nothing else.
 */
export const listPhotosQuerySchema = z.object({
  from: wallTimeSchema.optional(),
  before: wallTimeSchema.optional(),
  undated: z.literal('true').optional(),
  trashed: z.literal('true').optional(),
  cursor: z.string().max(2048).optional(),
})
export type ListPhotosQuery = z.infer<typeof listPhotosQuerySchema>

/**
 * A list is flat: each photo is followed by its locations, which may go on into the next page. Locations whose photo is not
 * listed belong to one that is being indexed right now, or is in the trash: they are to be passed over.
 */
export const listEntrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('photo'),
    photo: photoSchema,
    /** Where its original lies in the storage bucket. Told, so that a client of before knows it of types that came later. */
    originalKey: objectKeySchema,
    /** Only of what is in the trash: since when, ISO 8601 in UTC. */
    trashedAt: z.iso.datetime().optional(),
  }),
  z.object({ kind: z.literal('location'), contentHash: contentHashSchema, location: listedLocationSchema }),
])
export type ListEntry = z.infer<typeof listEntrySchema>

export const listPhotosResponseSchema = z.object({
  entries: z.array(listEntrySchema).readonly(),
  /** Opaque; absent on the last page. */
  cursor: z.string().optional(),
})
export type ListPhotosResponse = z.infer<typeof listPhotosResponseSchema>

/** `GET /v1/photos/HASH`. Locations beyond the first {@link maximumBatchSize} are in the list. */
export const findPhotoResponseSchema = z.object({
  photo: photoSchema,
  locations: z.array(listedLocationSchema).readonly(),
  /** Only of a photo in the trash: since when, ISO 8601 in UTC. */
  trashedAt: z.iso.datetime().optional(),
})
export type FindPhotoResponse = z.infer<typeof findPhotoResponseSchema>

/** `GET /v1/usage?trashed=&cursor=`: the totals are of the page alone; add the pages up until one has no cursor. */
export const usageQuerySchema = listPhotosQuerySchema.pick({ trashed: true, cursor: true })
export type UsageQuery = z.infer<typeof usageQuerySchema>

/** What is in the trash is counted with `trashed=true`, and then nothing else. */
export const usageResponseSchema = z.object({
  photos: z.int().nonnegative(),
  originalBytes: z.int().nonnegative(),
  renditionBytes: z.int().nonnegative(),
  cursor: z.string().optional(),
})
export type UsageResponse = z.infer<typeof usageResponseSchema>
