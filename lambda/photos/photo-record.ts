import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { ContentHash } from '../../contract/content-hash.ts'
import { contentHashSchema } from '../../contract/content-hash.ts'
import { type Owner, ownerSchema } from '../../contract/owner.ts'
import {
  type GoneLocation,
  type ListEntry,
  type ListedLocation,
  listedLocationSchema,
  type Photo,
  photoSchema,
} from '../../contract/photos.ts'
import { recordKeys, trashPrefix, undatedPrefix } from '../aws/index-table.ts'

/** Raised when a later release must write records anew. */
export const recordSchemaVersion = 1

const recordBase = z.object({ owner: ownerSchema, record: z.string(), captureSort: z.string() })

export const photoRecordSchema = recordBase.extend({
  kind: z.literal('photo'),
  schemaVersion: z.int().max(recordSchemaVersion),
  originalKey: z.string(),
  photo: photoSchema,
  /** Since when it is in the trash; then its `captureSort` begins with {@link trashPrefix}. */
  trashedAt: z.iso.datetime().optional(),
})
export type PhotoRecord = z.infer<typeof photoRecordSchema>

export const locationRecordSchema = recordBase.extend({
  kind: z.literal('location'),
  contentHash: contentHashSchema,
  location: listedLocationSchema,
})
export type LocationRecord = z.infer<typeof locationRecordSchema>

/** What stands in the index by capture time. */
export const listedRecordSchema = z.discriminatedUnion('kind', [photoRecordSchema, locationRecordSchema])

export function photoRecord(owner: Owner, originalKey: string, photo: Photo): PhotoRecord {
  const record = recordKeys.photo(photo.contentHash)
  return { kind: 'photo', owner, record, captureSort: captureSort(photo), schemaVersion: recordSchemaVersion, originalKey, photo }
}

/** The same photo in the trash since then, or out of it. */
export function withTrashedAt({ trashedAt: _, ...record }: PhotoRecord, trashedAt: string | undefined): PhotoRecord {
  const listed = captureSort(record.photo)
  return trashedAt === undefined
    ? { ...record, captureSort: listed }
    : { ...record, captureSort: `${trashPrefix}${listed}`, trashedAt }
}

export function locationRecord(photo: PhotoRecord, location: ListedLocation): LocationRecord {
  const id = locationId(location)
  const contentHash = photo.photo.contentHash
  return {
    kind: 'location',
    owner: photo.owner,
    record: recordKeys.location(contentHash, id),
    captureSort: `${captureSort(photo.photo)}#${id}`,
    contentHash,
    location,
  }
}

export function listEntryOf(record: PhotoRecord | LocationRecord): ListEntry {
  if (record.kind === 'location') return { kind: 'location', contentHash: record.contentHash, location: record.location }
  const { photo, originalKey, trashedAt } = record
  return { kind: 'photo', photo, originalKey, ...(trashedAt !== undefined && { trashedAt }) }
}

/**
 * Wall time padded to nanoseconds, then the content hash: bursts share a second, and photos with and without a zone
 * stand in the order in which a person remembers them.
 */
function captureSort(photo: { readonly captureTime: string | null; readonly contentHash: ContentHash }): string {
  if (photo.captureTime === null) return `${undatedPrefix}${photo.contentHash}`
  const seconds = photo.captureTime.slice(0, 19)
  const fraction = /^\.(\d+)/.exec(photo.captureTime.slice(19))?.[1] ?? ''
  return `${seconds}.${fraction.padEnd(9, '0')}#${photo.contentHash}`
}

/** The sort key of the record of one location of a photo. */
export function locationKey(contentHash: ContentHash, location: Omit<GoneLocation, 'replacedBy'>): string {
  return recordKeys.location(contentHash, locationId(location))
}

/**
 * One location is one (device, folder that the path begins in, path): seen again, it is the same record. Where that folder is not
 * known, it is a record of its own: it may be of any of the device's folders of that name.
 */
function locationId({ device, sourceId, path, pathBytes }: Omit<GoneLocation, 'replacedBy'>): string {
  const hash = createHash('sha256')
    .update(device)
    .update('\0')
    .update(pathBytes ?? path)
  if (sourceId !== undefined) hash.update('\0').update(sourceId)
  return hash.digest('hex').slice(0, 32)
}
