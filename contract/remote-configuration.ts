import { z } from 'zod'

/** Bumped when a client of before can no longer talk to the API. */
export const apiVersion = 1

/** The product's own scope; the API takes only access tokens that carry it. */
export const accessScope = 'photos/access'

/** `GET /.well-known/photos.json`: how a remote describes itself to anyone, before sign-in. Nothing in it is secret. */
export const remoteConfigurationSchema = z.object({
  apiVersion: z.int(),
  /** Stays the same for the life of the remote; the CLI keeps what it knows of a remote under it. */
  remoteId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  region: z.string(),
  issuer: z.url(),
  clientId: z.string(),
  storageBucket: z.string(),
  endpoints: z.object({ api: z.url(), s3: z.url() }),
  /** The largest original that this remote takes. */
  maximumOriginalSizeBytes: z.int().positive(),
})
export type RemoteConfiguration = z.infer<typeof remoteConfigurationSchema>
