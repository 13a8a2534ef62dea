import * as z from 'zod'
import { type ContentHash, contentHashSchema } from './content-hash.ts'
import { extensionOf } from './media-types.ts'
import { type Owner, ownerSchema } from './owner.ts'

/** Names of the images made from an original: 400 px wide, and web quality with at most 2048 px on the long edge. */
export const renditionNameSchema = z.enum(['thumbnail', 'view'])
export type RenditionName = z.infer<typeof renditionNameSchema>

/**
 * What starts the keys of each kind: `uploads/` in the upload bucket, the others in the storage bucket. Permissions, events and
 * lifecycle rules go by them. Only under `probes/` may the API delete, and the bucket's lifecycle after a day.
 */
export const keyPrefixes = {
  uploads: 'uploads/',
  originals: 'originals/',
  renditions: 'renditions/',
  locations: 'locations/',
  trash: 'trash/',
  probes: 'probes/',
} as const

/** A key that can be asked for: what is not Unicode cannot stand in an address. */
export const objectKeySchema = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^\P{Surrogate}*$/u, 'an object key is Unicode')

/** Where an original waits in the upload bucket: `uploads/OWNER/HASH`. */
export function uploadKey(owner: Owner, contentHash: ContentHash): string {
  return `${keyPrefixes.uploads}${owner}/${contentHash}`
}

/** Where the probe of `photos doctor` waits in the upload bucket, among its owner's uploads: `uploads/OWNER/probes/HASH`. */
export function probeUploadKey(owner: Owner, contentHash: ContentHash): string {
  return `${keyPrefixes.uploads}${owner}/probes/${contentHash}`
}

/** What tells one request for verification from the next. */
export const verificationIdSchema = z.uuid()

/**
 * An empty object that asks for one stored original to be read again: `uploads/OWNER/verifications/ID/HASH`. It takes the way of an
 * upload, by the same event and queue, and no bytes of anybody are in it.
 */
export function verificationKey(owner: Owner, verificationId: string, contentHash: ContentHash): string {
  return `${keyPrefixes.uploads}${owner}/verifications/${verificationId}/${contentHash}`
}

const uploadKeySchema = z.union([
  z
    .tuple([z.literal('uploads'), ownerSchema, contentHashSchema])
    .transform(([, owner, contentHash]) => ({ kind: 'original', owner, contentHash }) as const),
  z
    .tuple([z.literal('uploads'), ownerSchema, z.literal('probes'), contentHashSchema])
    .transform(([, owner, , contentHash]) => ({ kind: 'probe', owner, contentHash }) as const),
  z
    .tuple([z.literal('uploads'), ownerSchema, z.literal('verifications'), verificationIdSchema, contentHashSchema])
    .transform(
      ([, owner, , verificationId, contentHash]) => ({ kind: 'verification', owner, verificationId, contentHash }) as const,
    ),
])

/** What waits in the upload bucket under a key: an original; a probe, which is never one; or that a stored one be verified. */
export type UploadIdentity = z.infer<typeof uploadKeySchema>

/** What an object in the upload bucket is. Throws a ZodError for a key that is not ours. */
export function parseUploadKey(key: string): UploadIdentity {
  return uploadKeySchema.parse(key.split('/'))
}

/** Where an original is stored for good: `originals/OWNER/HASH.jpg`. The extension lets a person open the file; the hash alone names it. */
export function originalKey(owner: Owner, contentHash: ContentHash, contentType: string): string {
  return `${keyPrefixes.originals}${owner}/${contentHash}${extensionOf(contentType)}`
}

/** Where an image made from an original lies: `renditions/OWNER/HASH/view.webp`. */
export function renditionKey(owner: Owner, contentHash: ContentHash, name: RenditionName): string {
  return `${keyPrefixes.renditions}${owner}/${contentHash}/${name}.webp`
}

/** So long, in days, the storage bucket's lifecycle leaves a probe that a killed doctor did not remove. */
export const probeExpiryDays = 1

/** What starts the keys of probes in the storage bucket. */
export const probePrefix = keyPrefixes.probes

/** Where a probe is stored: `probes/OWNER/HASH.png`. */
export function probeKey(owner: Owner, contentHash: ContentHash, contentType: string): string {
  return `${probePrefix}${owner}/${contentHash}${extensionOf(contentType)}`
}

/** Where an image made from a probe lies: `probes/OWNER/HASH-view.webp`. Its key starts as the probe's does. */
export function probeRenditionKey(owner: Owner, contentHash: ContentHash, name: RenditionName): string {
  return `${probePrefix}${owner}/${contentHash}-${name}.webp`
}

/**
 * Where one batch of locations is written down: `locations/OWNER/ID.json`. Together with the originals and the journal of the
 * trash these objects are enough to rebuild the index.
 */
export function locationJournalKey(owner: Owner, id: string): string {
  return `${keyPrefixes.locations}${owner}/${id}.json`
}

/**
 * Where it is written down that photos went into the trash, or out of it: `trash/OWNER/ID.json`. IDs begin with the time, so
 * that of several about one photo the last one in the order of the keys holds.
 */
export function trashJournalKey(owner: Owner, id: string): string {
  return `${keyPrefixes.trash}${owner}/${id}.json`
}
