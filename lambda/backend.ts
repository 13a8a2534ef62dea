import type { Agent } from 'node:http'
import { createDynamoDbClient, createS3Client } from './aws/clients.ts'
import { type Environment, environmentSchema } from './aws/environment.ts'
import { createRequestSigner, type RequestSigner } from './aws/sign-requests.ts'
import { openStorageBucket, type StorageBucket } from './aws/storage-bucket.ts'
import { openUploadBucket, type UploadBucket } from './aws/upload-bucket.ts'
import { type LogEntry, writeLogLine } from './log.ts'
import { openPhotoIndex, type PhotoIndex } from './photos/index-photos.ts'
import { openPhotoList, type PhotoList } from './photos/list-photos.ts'
import { type MultipartUploads, openMultipartUploads } from './photos/multipart-uploads.ts'
import { openProbeRecords, type ProbeRecords } from './photos/probe-records.ts'
import { type UploadSizes, usualUploadSizes } from './photos/upload-sizes.ts'
import { openVerificationRecords, type VerificationRecords } from './photos/verification-records.ts'

/** What the functions work with: one set for a process, made from its environment. */
export interface Backend {
  readonly environment: Environment
  readonly uploads: UploadBucket
  readonly storage: StorageBucket
  readonly signer: RequestSigner
  readonly index: PhotoIndex
  readonly list: PhotoList
  readonly multipartUploads: MultipartUploads
  readonly probes: ProbeRecords
  readonly verifications: VerificationRecords
  readonly uploadSizes: UploadSizes
  /** The largest original that is taken right now. */
  maximumOriginalSizeBytes(): Promise<number>
  now(): Date
  /** One JSON line for the operator. Never given a token, a URL or a name. */
  log(entry: LogEntry): void
}

/** What differs where the services under the functions are not AWS's own. */
export interface BackendOverrides {
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly dynamoDbAgent?: Agent
  readonly uploadSizes?: UploadSizes | undefined
  readonly maximumOriginalSizeBytes?: () => Promise<number>
  readonly now?: () => Date
  readonly log?: (entry: LogEntry) => void
}

/** @param variables such as `process.env`; a ZodError names what is missing from them */
export function connectBackend(
  variables: Readonly<Record<string, string | undefined>>,
  overrides: BackendOverrides = {},
): Backend {
  const environment = environmentSchema.parse(variables)
  const now = overrides.now ?? (() => new Date())
  const s3 = createS3Client(environment, overrides)
  const dynamoDb = createDynamoDbClient(environment, overrides)
  return {
    environment,
    uploads: openUploadBucket(s3, environment.uploadBucket),
    storage: openStorageBucket(s3, environment),
    signer: createRequestSigner(s3, now),
    index: openPhotoIndex(dynamoDb, environment.indexTable, now),
    list: openPhotoList(dynamoDb, environment.indexTable),
    multipartUploads: openMultipartUploads(dynamoDb, environment.indexTable, now),
    probes: openProbeRecords(dynamoDb, environment.indexTable, now),
    verifications: openVerificationRecords(dynamoDb, environment.indexTable, now),
    uploadSizes: overrides.uploadSizes ?? usualUploadSizes,
    maximumOriginalSizeBytes: overrides.maximumOriginalSizeBytes ?? (async () => environment.maximumOriginalSizeBytes),
    now,
    log: overrides.log ?? writeLogLine,
  }
}
