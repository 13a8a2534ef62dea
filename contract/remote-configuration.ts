import * as z from 'zod'

/** Bumped when a client of before can no longer talk to the API. */
export const apiVersion = 1

/** The product's own scope; the API takes only access tokens that carry it. */
export const accessScope = 'photos/access'

/** What is asked for at sign-in: who it is, by which address people know them, and the API. */
export const signInScope = `openid email ${accessScope}`

/** The redirect URIs that every deployment registers for the CLI. */
export const loopbackRedirectUris: readonly string[] = [8431, 8432, 8433].map((port) => `http://localhost:${port}/callback`)

/** Nothing that a browser or the system would open with another program. */
const webUrlSchema = z.url({ protocol: /^https?$/ })

/** What becomes part of host names that are trusted may hold nothing else: `localhost/` would end them. */
const bucketNameSchema = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)

/** The same; and `s3-eu-west-1` would make them the names of buckets. */
const regionSchema = z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/)

/** What S3 calls the classes of storage that originals may lie in. */
export const storageClassSchema = z.enum(['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'DEEP_ARCHIVE'])
export type StorageClass = z.infer<typeof storageClassSchema>

/** `GET /.well-known/photos.json`: how a remote describes itself to anyone, before sign-in. Nothing in it is secret. */
export const remoteConfigurationSchema = z.object({
  apiVersion: z.int(),
  /** Stays the same for the life of the remote; the CLI keeps what it knows of a remote under it. */
  remoteId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  region: regionSchema,
  issuer: webUrlSchema,
  clientId: z.string(),
  storageBucket: bucketNameSchema,
  identityPoolId: z.string(),
  /** `signIn` has `/oauth2/authorize` and `/oauth2/token`; `userPool` and `identityPool` speak Cognito's JSON. */
  endpoints: z.object({
    api: webUrlSchema,
    s3: webUrlSchema,
    signIn: webUrlSchema,
    userPool: webUrlSchema,
    identityPool: webUrlSchema,
  }),
  /**
   * Where a browser on the same machine may be sent back to (RFC 8252, section 7.3), in the order in which to try their
   * ports: Cognito compares redirect URIs letter for letter, so that any free port will not do.
   */
  loopbackRedirectUris: z
    .array(z.url({ protocol: /^http$/, hostname: /^(localhost|127\.0\.0\.1|\[::1\])$/ }))
    .min(1)
    .readonly(),
  /** The largest original that this remote takes. */
  maximumOriginalSizeBytes: z.int().positive(),
  /** Of originals. Remotes of before do not tell it, and one that is not known yet must not make a remote unreadable. */
  storageClass: storageClassSchema.optional().catch(undefined),
})
export type RemoteConfiguration = z.infer<typeof remoteConfigurationSchema>
