import * as z from 'zod'

/** What the auth functions need to know of their deployment. */
export const authEnvironmentSchema = z
  .object({
    AWS_REGION: z.string().min(1),
    PHOTOS_AUTH_TABLE: z.string().min(1),
    PHOTOS_ISSUER: z.url(),
    PHOTOS_CLIENT_ID: z.string().min(1),
    /** The managed login's domain. */
    PHOTOS_SIGN_IN_URL: z.url(),
    /** Name of an SSM SecureString of 32 bytes in base64; not needed where the secret is given otherwise. */
    PHOTOS_AUTH_SECRET_PARAMETER: z.string().min(1).optional(),
    /** Set only where the API is not reached by the host name that its requests carry. */
    PHOTOS_API_URL: z.url().optional(),
    /** Set only where DynamoDB is not AWS's own. */
    AWS_ENDPOINT_URL_DYNAMODB: z.url().optional(),
  })
  .transform((variables) => ({
    region: variables.AWS_REGION,
    authTable: variables.PHOTOS_AUTH_TABLE,
    issuer: variables.PHOTOS_ISSUER,
    clientId: variables.PHOTOS_CLIENT_ID,
    signInUrl: variables.PHOTOS_SIGN_IN_URL.replace(/\/$/, ''),
    secretParameter: variables.PHOTOS_AUTH_SECRET_PARAMETER,
    apiEndpoint: variables.PHOTOS_API_URL,
    dynamoDbEndpoint: variables.AWS_ENDPOINT_URL_DYNAMODB,
  }))

export type AuthEnvironment = z.infer<typeof authEnvironmentSchema>
