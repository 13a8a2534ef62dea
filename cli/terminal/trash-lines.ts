import type { TrashedPhoto } from '../trash/list-trash.ts'
import { formatBytes } from './format-bytes.ts'
import { visible } from './visible.ts'

const sizeColumns = 8

/** `2026-11-23    6.1 MB  9f86d0…  DCIM/100CANON/IMG_0001.JPG`: the day (UTC) since when, the size, the content hash, and where it was. */
export function formatTrashed({ photo, trashedAt, path }: TrashedPhoto): string {
  const day = trashedAt.slice(0, 'YYYY-MM-DD'.length)
  return [day, formatBytes(photo.sizeBytes).padStart(sizeColumns), photo.contentHash, visible(path ?? '-')].join('  ')
}

/** A stable interface; `path` is the first of the photo's locations, null where none is known. */
export function formatTrashedJson({ photo, trashedAt, path }: TrashedPhoto): string {
  return JSON.stringify({
    content_hash: photo.contentHash,
    path: path ?? null,
    size_bytes: photo.sizeBytes,
    content_type: photo.contentType,
    capture_time: photo.captureTime,
    trashed_at: trashedAt,
  })
}
