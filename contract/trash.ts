import * as z from 'zod'
import { contentHashSchema } from './content-hash.ts'
import { maximumBatchSize } from './photos.ts'

/**
 * `POST /v1/trash` and `POST /v1/trash/restore`: these photos shall be in the trash, or out of it. A photo in the trash is in no
 * list and not asked for again, however often a sync comes by its file; its original stays where it is. Repeating it is harmless.
 */
export const trashRequestSchema = z.object({
  contentHashes: z.array(contentHashSchema).min(1).max(maximumBatchSize).readonly(),
})

export const trashedSchema = z.discriminatedUnion('kind', [
  /** In the trash since then (ISO 8601 in UTC), which may be long ago. */
  z.object({ kind: z.literal('trashed'), contentHash: contentHashSchema, trashedAt: z.iso.datetime() }),
  /** The owner has no such photo. */
  z.object({ kind: z.literal('unknown'), contentHash: contentHashSchema }),
])
export type Trashed = z.infer<typeof trashedSchema>

/** In the order of the request. */
export const trashResponseSchema = z.object({ photos: z.array(trashedSchema).readonly() })
export type TrashResponse = z.infer<typeof trashResponseSchema>

export const restoredSchema = z.discriminatedUnion('kind', [
  /** Not in the trash, or not any more. */
  z.object({ kind: z.literal('restored'), contentHash: contentHashSchema }),
  z.object({ kind: z.literal('unknown'), contentHash: contentHashSchema }),
])
export type Restored = z.infer<typeof restoredSchema>

/** In the order of the request. */
export const restoreResponseSchema = z.object({ photos: z.array(restoredSchema).readonly() })
export type RestoreResponse = z.infer<typeof restoreResponseSchema>
