import { roomForOriginal } from '../contract/room-for-originals.ts'
import type { ApiHandler } from '../lambda/api.ts'
import { baseNames } from '../lambda/aws/deployment.ts'
import { type Backend, connectBackend } from '../lambda/backend.ts'
import type { LogEntry } from '../lambda/log.ts'
import type { UploadSizes } from '../lambda/photos/upload-sizes.ts'
import type { ProcessUploadHandler } from '../lambda/process-upload.ts'
import { dynamoDbEndpoint, type EmbeddedDynamoDb } from './dynamodb.ts'
import { embeddedClientId, issuerUrlOf } from './issuer.ts'
import type { LibraryIdentity } from './library.ts'
import type { S3Store } from './s3/open-s3.ts'

export const region = 'us-east-1'
export const { uploadBucket, storageBucket, indexTable } = baseNames

export function identityPoolIdOf({ remoteId }: LibraryIdentity): string {
  return `${region}:${remoteId}`
}

export interface FunctionsOptions {
  readonly identity: LibraryIdentity
  readonly dynamoDb: EmbeddedDynamoDb
  readonly s3: S3Store
  readonly now: () => Date
  readonly log: (entry: LogEntry) => void
  /** Of the functions' environment, where they are to be others than usual. */
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly uploadSizes?: UploadSizes | undefined
}

/** What the functions work with, as those see it who reach them at `url`. */
export function connectFunctions(
  url: string,
  { identity, dynamoDb, s3, now, log, variables, uploadSizes }: FunctionsOptions,
): Backend {
  return connectBackend(
    { ...environmentOf(identity, url), ...variables },
    {
      credentials: identity,
      dynamoDbAgent: dynamoDb.agent,
      maximumOriginalSizeBytes: async () => roomForOriginal(await s3.freeBytes()),
      uploadSizes,
      now,
      log,
    },
  )
}

/**
 * The same for others, who are told another address and sent there by presigned requests. The functions themselves go on
 * by the own one: the public one may have a certificate or a name that this process knows nothing of.
 */
export function asSeenFrom(publicUrl: string, own: Backend, options: FunctionsOptions): Backend {
  const { environment, signer } = connectFunctions(publicUrl, options)
  return { ...own, environment, signer }
}

/** The variables that the template gives to the deployed functions. */
function environmentOf(identity: LibraryIdentity, url: string): Record<string, string> {
  return {
    AWS_REGION: region,
    PHOTOS_REMOTE_ID: identity.remoteId,
    PHOTOS_UPLOAD_BUCKET: uploadBucket,
    PHOTOS_STORAGE_BUCKET: storageBucket,
    PHOTOS_INDEX_TABLE: indexTable,
    PHOTOS_ISSUER: issuerUrlOf(identity),
    PHOTOS_CLIENT_ID: embeddedClientId,
    PHOTOS_IDENTITY_POOL_ID: identityPoolIdOf(identity),
    PHOTOS_SIGN_IN_URL: url,
    PHOTOS_COGNITO_URL: url,
    PHOTOS_API_URL: url,
    AWS_ENDPOINT_URL_S3: url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDbEndpoint,
  }
}

/** An answer to a write is given only when the index has reached the disk. */
export function durableApi(handler: ApiHandler, dynamoDb: EmbeddedDynamoDb): ApiHandler {
  return async (event) => {
    const result = await handler(event)
    if (event.requestContext.http.method !== 'GET') await dynamoDb.flush()
    return result
  }
}

/** The same for a message: it leaves the queue after its record is on the disk. */
export function durableProcessing(handler: ProcessUploadHandler, dynamoDb: EmbeddedDynamoDb): ProcessUploadHandler {
  return async (event) => {
    const response = await handler(event)
    await dynamoDb.flush()
    return response
  }
}
