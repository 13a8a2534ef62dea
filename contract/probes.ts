import * as z from 'zod'
import { contentHashSchema } from './content-hash.ts'
import { contentTypeSchema } from './media-types.ts'
import { objectKeySchema } from './object-keys.ts'
import { locationSchema, renditionSchema } from './photos.ts'
import { signedRequestSchema } from './transfers.ts'

/** Far more than the probe of `photos doctor` has, and too little to keep photos in. */
export const maximumProbeSizeBytes = 16 * 1024

/** `POST /v1/probes`: a probe begins. It goes the way of an original, and is none: no list shows it, and it may be removed. */
export const beginProbeRequestSchema = z.object({
  contentHash: contentHashSchema,
  sizeBytes: z.int().min(1).max(maximumProbeSizeBytes),
  contentType: contentTypeSchema,
  /** The name of the machine that probes: it knows its own leftovers by it. */
  device: locationSchema.shape.device,
})
export type BeginProbeRequest = z.infer<typeof beginProbeRequestSchema>

export const beginProbeResponseSchema = z.object({ request: signedRequestSchema })
export type BeginProbeResponse = z.infer<typeof beginProbeResponseSchema>

/** `GET /v1/probes/HASH`: how far the backend has come with it. */
export const probeStateSchema = z.discriminatedUnion('kind', [
  /** Read back, hashed, stored, rendered, indexed. */
  z.object({
    kind: z.literal('stored'),
    /** Where it lies in the storage bucket. */
    key: objectKeySchema,
    sizeBytes: z.int().nonnegative(),
    renditions: z.array(renditionSchema).readonly(),
    /** Why there are no renditions; null where there are. */
    reason: z.string().max(500).nullable(),
  }),
  /** It lies in the upload bucket: ask again later. */
  z.object({ kind: z.literal('processing') }),
  /** Neither stored nor waiting. */
  z.object({ kind: z.literal('missing') }),
  z.object({ kind: z.literal('rejected'), reason: z.string() }),
])
export type ProbeState = z.infer<typeof probeStateSchema>

/** `GET /v1/probes`: those that nobody has removed. `DELETE /v1/probes/HASH` answers 204, also where there is none. */
export const probesResponseSchema = z.object({
  probes: z
    .array(
      z.object({
        contentHash: contentHashSchema,
        device: z.string(),
        /** ISO 8601 in UTC, by the remote's clock. */
        begunAt: z.iso.datetime(),
      }),
    )
    .readonly(),
})
export type ProbesResponse = z.infer<typeof probesResponseSchema>
