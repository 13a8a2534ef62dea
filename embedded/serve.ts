import { mkdir } from 'node:fs/promises'
import { type ApiHandler, createApiHandler } from '../lambda/api.ts'
import { createS3Client } from '../lambda/aws/clients.ts'
import { indexTableDefinition } from '../lambda/aws/index-table.ts'
import { connectBackend, type LogEntry } from '../lambda/backend.ts'
import { httpRoutes } from '../lambda/http-routes.ts'
import { openMetadataReader } from '../lambda/photos/read-metadata.ts'
import { createProcessUploadHandler, type ProcessUploadHandler } from '../lambda/process-upload.ts'
import { createApiGateway } from './api-gateway.ts'
import { ClosingStack } from './closing-stack.ts'
import { answerAwsJson, isAwsJson, isCallOf } from './cognito/aws-json.ts'
import { createIdentityPool } from './cognito/identity-pool.ts'
import { isForManagedLogin } from './cognito/managed-login-endpoints.ts'
import { createTemporaryCredentials } from './cognito/temporary-credentials.ts'
import { dynamoDbEndpoint, type EmbeddedDynamoDb, openDynamoDb } from './dynamodb.ts'
import { listenHttp } from './http-front.ts'
import { embeddedClientId, openIssuer } from './issuer.ts'
import { type LibraryIdentity, libraryPaths, readOrCreateLibrary } from './library.ts'
import { answerChallenge } from './library-proof.ts'
import { deriveSecret } from './library-secret.ts'
import { OpenedWhenNeeded } from './opened-when-needed.ts'
import { Queue } from './queue.ts'
import { openQueueStore } from './queue-store.ts'
import type { FindCredentials } from './s3/credentials.ts'
import { openS3, type S3Options, type S3Store } from './s3/open-s3.ts'
import { announceServing, withdrawServing } from './serving.ts'
import { tidyUploads } from './tidy-uploads.ts'

const region = 'us-east-1'
const uploadBucket = 'photos-uploads'
const storageBucket = 'photos-storage'
const indexTable = 'photos-index'

/** Originals processed at once. */
const processingConcurrency = 2

/** On its way a large original lies here as an upload, as its parts, and as the stored object. */
const copiesOnTheWay = 3
/** Kept free for the index and the renditions. */
const reservedBytes = 256 * 2 ** 20

export interface EmbeddedOptions {
  /** The library: a folder, made when it is not there. */
  readonly folder: string
  /** Loopback unless asked otherwise. */
  readonly host?: string
  /** 0 for any free one. */
  readonly port?: number
  readonly log: (entry: LogEntry) => void
  /** The time that the functions see. */
  readonly now?: () => Date
  /** More buckets, by name and folder: for other clients of this S3, such as a benchmark's. */
  readonly buckets?: Readonly<Record<string, string>>
}

/** The whole backend in this process. */
export interface EmbeddedBackend {
  readonly url: string
  readonly identity: LibraryIdentity
  readonly queue: Queue
  /** The function behind the queue. */
  readonly processUpload: ProcessUploadHandler
  /** For the user whose library it is. Good for half an hour. */
  accessToken(): Promise<string>
  /** The same user's, for temporary credentials. */
  idToken(): Promise<string>
  /** Ends what is under way; what waits goes on at the next start. */
  close(): Promise<void>
}

/** Opens a library and serves it. Throws a LibraryInUseError when another process does so already. */
export async function serveLibrary(options: EmbeddedOptions): Promise<EmbeddedBackend> {
  const opened = new ClosingStack()
  try {
    return await openLibrary(options, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function openLibrary(options: EmbeddedOptions, opened: ClosingStack): Promise<EmbeddedBackend> {
  const { folder, log } = options
  const now = options.now ?? (() => new Date())
  const paths = libraryPaths(folder)
  await mkdir(paths.own, { recursive: true, mode: 0o700 })
  // First, because this is the lock: one process has the library open, and one makes it who it is.
  const store = opened.add(await openQueueStore(paths.queue), (queueStore) => queueStore.close())
  const identity = await readOrCreateLibrary(folder)
  await mkdir(paths.uploads, { recursive: true })
  const issuer = await openIssuer(identity)
  const dynamoDb = opened.add(await openDynamoDb(paths.index, region), (database) => database.close())
  await dynamoDb.ensureTable(indexTableDefinition(indexTable))

  const buckets = { [uploadBucket]: paths.uploads, [storageBucket]: folder, ...options.buckets }
  const arrivals: Arrivals = { announce: () => Promise.resolve() }
  const temporary = createTemporaryCredentials(deriveSecret(identity, 'temporary credentials'), storageBucket)
  const findCredentials: FindCredentials = (accessKeyId, sessionToken) => {
    if (accessKeyId === identity.accessKeyId) return identity
    return sessionToken === undefined ? undefined : temporary.find(accessKeyId, sessionToken)
  }
  const s3 = opened.add(
    await openEmbeddedS3({ findCredentials, buckets, metadataFolder: paths.s3, now }, arrivals),
    (embeddedS3) => embeddedS3.close(),
  )
  const front = opened.add(await listenHttp(options.host ?? '127.0.0.1', options.port ?? 0), (listening) => listening.close())

  const backend = connectBackend(environmentOf(identity, issuer.url, front.url), {
    credentials: identity,
    dynamoDbAgent: dynamoDb.agent,
    maximumOriginalSizeBytes: async () => Math.max(1, Math.floor(((await s3.freeBytes()) - reservedBytes) / copiesOnTheWay)),
    now,
    log,
  })
  const identityPool = createIdentityPool({ identityPoolId: identityPoolIdOf(identity), issuer, credentials: temporary, now })
  const signIn = opened.add(
    new OpenedWhenNeeded(async () => {
      const { openSignIn } = await import('./sign-in.ts')
      return await openSignIn({ folder, region, identity, issuer, dynamoDb, publicUrl: front.url, ownUrl: front.url, now, log })
    }),
    (openedSignIn) => openedSignIn.close((each) => each.close()),
  )
  const gateway = createApiGateway({
    routes: httpRoutes,
    functions: {
      api: durableApi(createApiHandler(backend), dynamoDb),
      auth: durableApi(async (event) => (await signIn.get()).authFunction(event), dynamoDb),
    },
    verifyAccessToken: (token) => issuer.verifyAccessToken(token, now()),
  })
  front.answerWith({
    buckets: Object.keys(buckets),
    now,
    s3: (request, response) => s3.handle(request, response),
    api: async (request, response) => {
      if (answerChallenge(identity, request, response)) return
      if (isForManagedLogin(request)) return await (await signIn.get()).managedLogin(request, response)
      if (!isAwsJson(request)) return await gateway(request, response)
      const isForUserPool = isCallOf('AWSCognitoIdentityProviderService', request)
      await answerAwsJson(request, response, isForUserPool ? (await signIn.get()).userPool : identityPool)
    },
  })

  const reader = opened.add(openMetadataReader(), (metadataReader) => metadataReader.close())
  const handler = durableProcessing(createProcessUploadHandler(backend, reader), dynamoDb)
  const queue = opened.add(await Queue.open({ store, region, handler, concurrency: processingConcurrency, now }), (open) =>
    open.close(),
  )
  arrivals.announce = (body) => queue.send(body)
  await tidyUploads(createS3Client(backend.environment, { credentials: identity }), uploadBucket, queue, now())

  opened.add(await announceServing(folder, front.url), () => withdrawServing(folder))
  return {
    url: front.url,
    identity,
    queue,
    processUpload: handler,
    accessToken: () => issuer.issueAccessToken(identity, now()),
    idToken: () => issuer.issueIdToken(identity, now()),
    close: () => opened.close(),
  }
}

/** Takes the events of the upload bucket, once there is a queue. */
interface Arrivals {
  announce(body: string): Promise<void>
}

async function openEmbeddedS3(
  options: Pick<S3Options, 'findCredentials' | 'buckets' | 'metadataFolder' | 'now'>,
  arrivals: Arrivals,
): Promise<S3Store> {
  return await openS3({
    ...options,
    region,
    onObjectCreated: async (event) => {
      if (event.Records[0].s3.bucket.name === uploadBucket) await arrivals.announce(JSON.stringify(event))
    },
  })
}

function identityPoolIdOf({ remoteId }: LibraryIdentity): string {
  return `${region}:${remoteId}`
}

/** The variables that the template gives to the deployed functions. */
function environmentOf(identity: LibraryIdentity, issuerUrl: string, url: string): Record<string, string> {
  return {
    AWS_REGION: region,
    PHOTOS_REMOTE_ID: identity.remoteId,
    PHOTOS_UPLOAD_BUCKET: uploadBucket,
    PHOTOS_STORAGE_BUCKET: storageBucket,
    PHOTOS_INDEX_TABLE: indexTable,
    PHOTOS_ISSUER: issuerUrl,
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
function durableApi(handler: ApiHandler, dynamoDb: EmbeddedDynamoDb): ApiHandler {
  return async (event) => {
    const result = await handler(event)
    if (event.requestContext.http.method !== 'GET') await dynamoDb.flush()
    return result
  }
}

/** The same for a message: it leaves the queue after its record is on the disk. */
function durableProcessing(handler: ProcessUploadHandler, dynamoDb: EmbeddedDynamoDb): ProcessUploadHandler {
  return async (event) => {
    const response = await handler(event)
    await dynamoDb.flush()
    return response
  }
}
