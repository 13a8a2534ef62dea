import * as z from 'zod'
import { contentHashSchema } from './content-hash.ts'
import { verificationIdSchema } from './object-keys.ts'
import { maximumBatchSize } from './photos.ts'

const contentHashesSchema = z.array(contentHashSchema).min(1).max(maximumBatchSize).readonly()

/** `POST /v1/verifications`: read the stored originals again, all of their bytes, and hash them. */
export const beginVerificationRequestSchema = z.object({ contentHashes: contentHashesSchema })

/** By this id the outcomes are asked for: what is told under it was read after the request, never before. */
export const beginVerificationResponseSchema = z.object({ verificationId: verificationIdSchema })
export type BeginVerificationResponse = z.infer<typeof beginVerificationResponseSchema>

/** `POST /v1/verifications/ask`: what became of these. An id is good for a day. */
export const askVerificationRequestSchema = z.object({ verificationId: verificationIdSchema, contentHashes: contentHashesSchema })
export type AskVerificationRequest = z.infer<typeof askVerificationRequestSchema>

/** What the backend found where an original has to be. */
export const verificationOutcomeSchema = z.discriminatedUnion('kind', [
  /** Read to its end; its SHA-256 is its content hash. */
  z.object({ kind: z.literal('verified'), sizeBytes: z.int().nonnegative(), verifiedAt: z.iso.datetime() }),
  /** It has other bytes. */
  z.object({ kind: z.literal('differs') }),
  /** It is indexed, and its original is not there. */
  z.object({ kind: z.literal('missing') }),
  /** It lies in an archive, where nothing can be read before it is thawed. */
  z.object({ kind: z.literal('archived') }),
  /** The storage could not be read, several times; the log of the backend says why. */
  z.object({ kind: z.literal('failed') }),
])
export type VerificationOutcome = z.infer<typeof verificationOutcomeSchema>

const of = { contentHash: contentHashSchema }
const [verified, differs, missing, archived, failed] = verificationOutcomeSchema.options

export const verificationSchema = z.discriminatedUnion('kind', [
  verified.extend(of),
  differs.extend(of),
  missing.extend(of),
  archived.extend(of),
  failed.extend(of),
  /** Not read yet: ask again later. */
  z.object({ kind: z.literal('processing'), ...of }),
  /** The owner has no such photo. */
  z.object({ kind: z.literal('unknown'), ...of }),
  /** Its owner deleted it from the backup. */
  z.object({ kind: z.literal('trashed'), ...of }),
])
export type Verification = z.infer<typeof verificationSchema>

/** In the order of the request. */
export const askVerificationResponseSchema = z.object({ verifications: z.array(verificationSchema).readonly() })
export type AskVerificationResponse = z.infer<typeof askVerificationResponseSchema>
