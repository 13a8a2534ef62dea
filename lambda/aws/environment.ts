import * as z from 'zod'

const positiveInteger = z.coerce.number().int().positive()

/** What a function needs to know of its deployment, read from its environment variables and nowhere else. */
export const environmentSchema = z
  .object({
    AWS_REGION: z.string().min(1),
    PHOTOS_REMOTE_ID: z.string().min(1),
    PHOTOS_UPLOAD_BUCKET: z.string().min(1),
    PHOTOS_STORAGE_BUCKET: z.string().min(1),
    PHOTOS_INDEX_TABLE: z.string().min(1),
    PHOTOS_ISSUER: z.url(),
    PHOTOS_CLIENT_ID: z.string().min(1),
    PHOTOS_IDENTITY_POOL_ID: z.string().min(1),
    /** The managed login's domain. */
    PHOTOS_SIGN_IN_URL: z.url(),
    /** One original of more bytes than this is refused before it is sent. */
    PHOTOS_MAXIMUM_ORIGINAL_BYTES: positiveInteger.default(100 * 2 ** 30),
    PHOTOS_STORAGE_CLASS: z
      .enum(['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'DEEP_ARCHIVE'])
      .default('STANDARD'),
    /** Set only where the API is not reached by the host name that its requests carry. */
    PHOTOS_API_URL: z.url().optional(),
    /** Set only where these services are not AWS's own. */
    PHOTOS_COGNITO_URL: z.url().optional(),
    AWS_ENDPOINT_URL_S3: z.url().optional(),
    AWS_ENDPOINT_URL_DYNAMODB: z.url().optional(),
  })
  .transform((variables) => ({
    region: variables.AWS_REGION,
    remoteId: variables.PHOTOS_REMOTE_ID,
    uploadBucket: variables.PHOTOS_UPLOAD_BUCKET,
    storageBucket: variables.PHOTOS_STORAGE_BUCKET,
    indexTable: variables.PHOTOS_INDEX_TABLE,
    issuer: variables.PHOTOS_ISSUER,
    clientId: variables.PHOTOS_CLIENT_ID,
    identityPoolId: variables.PHOTOS_IDENTITY_POOL_ID,
    signInUrl: variables.PHOTOS_SIGN_IN_URL,
    cognitoEndpoint: variables.PHOTOS_COGNITO_URL,
    maximumOriginalSizeBytes: variables.PHOTOS_MAXIMUM_ORIGINAL_BYTES,
    apiEndpoint: variables.PHOTOS_API_URL,
    storageClass: variables.PHOTOS_STORAGE_CLASS,
    s3Endpoint: variables.AWS_ENDPOINT_URL_S3,
    dynamoDbEndpoint: variables.AWS_ENDPOINT_URL_DYNAMODB,
  }))

export type Environment = z.infer<typeof environmentSchema>
