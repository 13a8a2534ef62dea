import type { Photo } from '../../contract/photos.ts'
import type { Remote } from '../remote/remote.ts'

/** A photo in the trash. */
export interface TrashedPhoto {
  readonly photo: Photo
  /** ISO 8601 in UTC. */
  readonly trashedAt: string
  /** The first of the places where it was found; undefined where none is known. */
  readonly path: string | undefined
}

/** What is in the trash, by capture time, as the pages arrive. */
export async function* listTrash(remote: Remote, signal: AbortSignal): AsyncGenerator<TrashedPhoto> {
  let trashed: TrashedPhoto | undefined
  for await (const entry of remote.listPhotos({ trashed: true }, { signal })) {
    if (entry.kind === 'photo') {
      if (trashed) yield trashed
      trashed = entry.trashedAt === undefined ? undefined : { photo: entry.photo, trashedAt: entry.trashedAt, path: undefined }
    } else if (trashed?.photo.contentHash === entry.contentHash && trashed.path === undefined) {
      trashed = { ...trashed, path: entry.location.path }
    }
  }
  if (trashed) yield trashed
}
