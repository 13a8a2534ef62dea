import * as z from 'zod'
import { checksumSha256Schema, contentHashSchema } from './content-hash.ts'
import { contentTypeSchema } from './media-types.ts'
import { renditionNameSchema } from './object-keys.ts'
import { goneLocationSchema, maximumBatchSize, registeredLocationSchema } from './photos.ts'

/** What HTTP can send as a header. Source: RFC 9110, 5.5 and 5.6.2. */
const headersSchema = z.record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/), z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/))

/** A request that S3 will accept as it stands and not otherwise: the headers are signed and must be sent letter for letter. */
export const signedRequestSchema = z.object({
  method: z.enum(['GET', 'PUT']),
  url: z.url({ protocol: /^https?$/ }),
  headers: headersSchema,
  /** ISO 8601 in UTC; ask for a new one after it. */
  expiresAt: z.iso.datetime(),
})
export type SignedRequest = z.infer<typeof signedRequestSchema>

const batchOf = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(maximumBatchSize).readonly()

/** `POST /v1/uploads`: what must be sent of these originals? */
export const beginUploadsRequestSchema = z.object({
  originals: batchOf(
    z.object({ contentHash: contentHashSchema, sizeBytes: z.int().nonnegative(), contentType: contentTypeSchema }),
  ),
})
export type BeginUploadsRequest = z.infer<typeof beginUploadsRequestSchema>
export type UploadCandidate = BeginUploadsRequest['originals'][number]

export const beginUploadSchema = z.discriminatedUnion('kind', [
  /** Indexed already: nothing to send. */
  z.object({ kind: z.literal('stored'), contentHash: contentHashSchema }),
  /** Its bytes are in the upload bucket and wait to be processed: nothing to send. */
  z.object({ kind: z.literal('processing'), contentHash: contentHashSchema }),
  /** Send it with this one request. 412 means that it is there already. */
  z.object({ kind: z.literal('put'), contentHash: contentHashSchema, request: signedRequestSchema }),
  /** Send it in parts of `partSizeBytes`, the last one shorter; those in `uploadedPartNumbers` (1-based) are there already. */
  z.object({
    kind: z.literal('parts'),
    contentHash: contentHashSchema,
    uploadId: z.string().min(1),
    partSizeBytes: z.int().positive(),
    uploadedPartNumbers: z.array(z.int().min(1).max(10_000)).readonly(),
  }),
  z.object({ kind: z.literal('refused'), contentHash: contentHashSchema, reason: z.string() }),
  /** Its owner has put it into the trash: not to be sent until it is restored. */
  z.object({ kind: z.literal('trashed'), contentHash: contentHashSchema }),
])
export type BeginUpload = z.infer<typeof beginUploadSchema>

/** One answer for each original asked about, in the order of the request. */
export const beginUploadsResponseSchema = z.object({ uploads: z.array(beginUploadSchema).readonly() })
export type BeginUploadsResponse = z.infer<typeof beginUploadsResponseSchema>

/** `POST /v1/uploads/parts`: sign these parts. Length and SHA-256 are signed, so S3 refuses other bytes. */
export const signPartsRequestSchema = z.object({
  contentHash: contentHashSchema,
  uploadId: z.string().min(1).max(1024),
  parts: batchOf(
    z.object({ partNumber: z.int().min(1).max(10_000), sizeBytes: z.int().positive(), checksumSha256: checksumSha256Schema }),
  ),
})
export type SignPartsRequest = z.infer<typeof signPartsRequestSchema>

/** In the order of the request. */
export const signPartsResponseSchema = z.object({ requests: z.array(signedRequestSchema).readonly() })
export type SignPartsResponse = z.infer<typeof signPartsResponseSchema>

/** `POST /v1/uploads/complete`: all parts are sent; make one object of them. Repeating it is harmless. */
export const completeUploadRequestSchema = z.object({ contentHash: contentHashSchema, uploadId: z.string().min(1).max(1024) })

/** `incomplete`: these parts (1-based) are not there, send them and complete again. `unknown`: no such upload, begin again. */
export const completeUploadResponseSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('completed') }),
  z.object({ kind: z.literal('incomplete'), missingPartNumbers: z.array(z.int().min(1).max(10_000)).readonly() }),
  z.object({ kind: z.literal('unknown') }),
])
export type CompleteUploadResponse = z.infer<typeof completeUploadResponseSchema>

/** `POST /v1/uploads/abandon`: nobody will complete these any more; what is there of them may go. Repeating it is harmless. */
export const abandonUploadsRequestSchema = z.object({
  uploads: batchOf(z.object({ contentHash: contentHashSchema, uploadId: z.string().min(1).max(1024) })),
})
export type AbandonUploadsRequest = z.infer<typeof abandonUploadsRequestSchema>
export type UnfinishedUpload = AbandonUploadsRequest['uploads'][number]

/** `gone`: nothing is left of it. `in-use`: a part arrived only now, perhaps from another machine, so it was left alone; ask again later. */
export const abandonedUploadSchema = z.object({ kind: z.enum(['gone', 'in-use']), contentHash: contentHashSchema })
export type AbandonedUpload = z.infer<typeof abandonedUploadSchema>

/** In the order of the request. */
export const abandonUploadsResponseSchema = z.object({ uploads: z.array(abandonedUploadSchema).readonly() })
export type AbandonUploadsResponse = z.infer<typeof abandonUploadsResponseSchema>

/**
 * `POST /v1/photos/confirm`: are these indexed? For those that are, remember where they were found; and of all, where they are
 * no longer (`gone`, which says nothing of the photo itself, is forgotten when the location is registered again, and may be said
 * twice). With `checkUploads`, also look after those that are not: that costs a request to S3 for each, and so is for when
 * nothing has moved for a while.
 *
 * `toldStored` says that the remote has told within minutes, and to the same run, that the original is stored: then the index is
 * asked, but S3 is not asked once more for each further place where the same bytes were found. A remote of before looks again.
 */
export const confirmRequestSchema = z.object({
  checkUploads: z.boolean().optional(),
  photos: batchOf(
    z.object({
      contentHash: contentHashSchema,
      locations: z.array(registeredLocationSchema).max(maximumBatchSize).readonly(),
      gone: z.array(goneLocationSchema).max(maximumBatchSize).readonly().optional(),
      toldStored: z.boolean().optional(),
    }),
  ),
})
export type ConfirmRequest = z.infer<typeof confirmRequestSchema>
export type ConfirmCandidate = ConfirmRequest['photos'][number]

export const confirmationSchema = z.discriminatedUnion('kind', [
  /** Read back, hashed, stored, indexed; its locations are remembered. */
  z.object({ kind: z.literal('stored'), contentHash: contentHashSchema }),
  /** Not indexed yet: ask again later. */
  z.object({ kind: z.literal('processing'), contentHash: contentHashSchema }),
  /** Neither indexed nor waiting: upload it again. Told only where uploads are checked. */
  z.object({ kind: z.literal('missing'), contentHash: contentHashSchema }),
  /** The backend read other bytes than the content hash promised. Told only where uploads are checked. */
  z.object({ kind: z.literal('rejected'), contentHash: contentHashSchema, reason: z.string() }),
  /** Its owner has put it into the trash; no location of it is remembered. */
  z.object({ kind: z.literal('trashed'), contentHash: contentHashSchema }),
])
export type Confirmation = z.infer<typeof confirmationSchema>

/** In the order of the request. */
export const confirmResponseSchema = z.object({ photos: z.array(confirmationSchema).readonly() })
export type ConfirmResponse = z.infer<typeof confirmResponseSchema>

/** `POST /v1/downloads`: sign requests for originals or renditions. */
export const downloadsRequestSchema = z.object({
  downloads: batchOf(z.object({ contentHash: contentHashSchema, variant: z.enum(['original', ...renditionNameSchema.options]) })),
})
export type DownloadsRequest = z.infer<typeof downloadsRequestSchema>

/** In the order of the request; `unknown` where the owner has no such photo or rendition. */
export const downloadsResponseSchema = z.object({
  downloads: z
    .array(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('ready'), contentHash: contentHashSchema, request: signedRequestSchema }),
        z.object({ kind: z.literal('unknown'), contentHash: contentHashSchema }),
      ]),
    )
    .readonly(),
})
export type DownloadsResponse = z.infer<typeof downloadsResponseSchema>
