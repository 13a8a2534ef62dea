import { z } from 'zod'
import { type ContentHash, contentHashSchema } from './content-hash.ts'
import { extensionOf } from './media-types.ts'
import { type Owner, ownerSchema } from './owner.ts'

/** Names of the images made from an original: 400 px wide, and web quality with at most 2048 px on the long edge. */
export const renditionNameSchema = z.enum(['thumbnail', 'view'])
export type RenditionName = z.infer<typeof renditionNameSchema>

/** Where an original waits in the upload bucket: `uploads/OWNER/HASH`. */
export function uploadKey(owner: Owner, contentHash: ContentHash): string {
  return `uploads/${owner}/${contentHash}`
}

const uploadKeySchema = z.tuple([z.literal('uploads'), ownerSchema, contentHashSchema])

/** Owner and content hash of an object in the upload bucket. Throws a ZodError for a key that is not ours. */
export function parseUploadKey(key: string): { readonly owner: Owner; readonly contentHash: ContentHash } {
  const [, owner, contentHash] = uploadKeySchema.parse(key.split('/'))
  return { owner, contentHash }
}

/** Where an original is stored for good: `originals/OWNER/HASH.jpg`. The extension lets a person open the file; the hash alone names it. */
export function originalKey(owner: Owner, contentHash: ContentHash, contentType: string): string {
  return `originals/${owner}/${contentHash}${extensionOf(contentType)}`
}

/** Where an image made from an original lies: `renditions/OWNER/HASH/view.webp`. */
export function renditionKey(owner: Owner, contentHash: ContentHash, name: RenditionName): string {
  return `renditions/${owner}/${contentHash}/${name}.webp`
}

/**
 * Where one batch of locations is written down: `locations/OWNER/ID.json`. Together with the originals these objects
 * are enough to rebuild the index.
 */
export function locationJournalKey(owner: Owner, id: string): string {
  return `locations/${owner}/${id}.json`
}
