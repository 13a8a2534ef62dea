import { mkdir } from 'node:fs/promises'
import { createApiHandler } from '../lambda/api.ts'
import { createS3Client } from '../lambda/aws/clients.ts'
import { indexTableDefinition } from '../lambda/aws/index-table.ts'
import type { Backend } from '../lambda/backend.ts'
import type { LogEntry } from '../lambda/log.ts'
import { openMetadataReader } from '../lambda/photos/read-metadata.ts'
import type { UploadSizes } from '../lambda/photos/upload-sizes.ts'
import { createProcessUploadHandler, type ProcessUploadHandler } from '../lambda/process-upload.ts'
import { listAccounts } from './accounts.ts'
import { createRequestAnswerer } from './answer-request.ts'
import { ClosingStack } from './closing-stack.ts'
import { createIdentityPool } from './cognito/identity-pool.ts'
import { sweepRegularly } from './cognito/sweeping.ts'
import {
  createTemporaryCredentials,
  type GrantsOfOwner,
  type TemporaryCredentialsIssuer,
  usualGrants,
} from './cognito/temporary-credentials.ts'
import { openDynamoDb } from './dynamodb.ts'
import {
  asSeenFrom,
  connectFunctions,
  durableProcessing,
  identityPoolIdOf,
  indexTable,
  region,
  storageBucket,
  uploadBucket,
} from './functions.ts'
import { type HttpFront, listenHttp } from './http-front.ts'
import { openIssuer } from './issuer.ts'
import { type LibraryIdentity, libraryPaths, readOrCreateLibrary } from './library.ts'
import { deriveSecret } from './library-secret.ts'
import { canonicalHost, isLoopback, isStrictlyTls, type ListenOptions, publicUrlOf, requireAllowed } from './listen-rules.ts'
import { OpenedWhenNeeded } from './opened-when-needed.ts'
import { Queue } from './queue.ts'
import { openQueueStore } from './queue-store.ts'
import type { Credentials, Grant } from './s3/credentials.ts'
import { openS3, type S3Options, type S3Store } from './s3/open-s3.ts'
import { announceServing, withdrawServing } from './serving.ts'
import { removeEmptyProbeFolders, removeExpiredProbes } from './tidy-probes.ts'
import { abortExpiredUploads, tidyUploads } from './tidy-uploads.ts'
import { removeExpiredVerifications } from './tidy-verifications.ts'

/** A library may be served for months: what expires after a day shall not wait for its next start. */
const sweepEveryMs = 60 * 60 * 1000

/** Originals processed at once. */
const processingConcurrency = 2

/** Without a host it is loopback, without a port any free one. */
export interface EmbeddedOptions extends Partial<ListenOptions> {
  /** The library: a folder, made when it is not there. */
  readonly folder: string
  readonly log: (entry: LogEntry) => void
  /** The time that the functions see. */
  readonly now?: () => Date
  /** The time by which archived originals thaw, and freeze again; that of `now` unless a test has no two days. */
  readonly thawClock?: () => Date
  /** What the functions' environment says otherwise than usual, such as PHOTOS_STORAGE_CLASS. For tests: a disk has one class. */
  readonly variables?: Readonly<Record<string, string>>
  /** From which size on originals go up in parts, and how large these are: smaller than usual in a test, and so what S3 takes. */
  readonly uploadSizes?: UploadSizes
  /** More buckets, by name and folder: for other clients of this S3, such as a benchmark's. */
  readonly buckets?: Readonly<Record<string, string>>
  /** What IAM lets the functions, and signed-in users, do with S3, where it is to be less than usual. */
  readonly permissions?: { readonly functions?: readonly Grant[]; readonly owner?: GrantsOfOwner }
}

/** The whole backend in this process. */
export interface EmbeddedBackend {
  /** Where other machines reach it; without any, the same as {@link localUrl}. */
  readonly url: string
  /** Where this machine reaches it, always on loopback and without TLS. */
  readonly localUrl: string
  readonly identity: LibraryIdentity
  readonly queue: Queue
  /** The function behind the queue. */
  readonly processUpload: ProcessUploadHandler
  /** For the user whose library it is. Good for half an hour. */
  accessToken(): Promise<string>
  /** The same user's, for temporary credentials. */
  idToken(): Promise<string>
  /**
   * Resolves when all requests that have come in by now are answered, also those of which the client has gone, and the queue
   * has nothing left to do.
   */
  whenIdle(): Promise<void>
  /** Ends what is under way; what waits goes on at the next start. */
  close(): Promise<void>
}

/** Throws a ListenRefusedError where other machines could reach what is not safe for them. */
export async function requireServable({
  folder,
  ...options
}: Pick<EmbeddedOptions, 'folder' | keyof ListenOptions>): Promise<void> {
  await requireAllowed(listenOptionsOf(options), async () => (await listAccounts(folder)).length)
}

function listenOptionsOf(options: Partial<ListenOptions>): ListenOptions {
  return { ...options, host: canonicalHost(options.host ?? '127.0.0.1'), port: options.port ?? 0 }
}

/**
 * Opens a library and serves it. Throws a LibraryInUseError when another process does so already, and a ListenRefusedError
 * where other machines could reach what is not safe for them.
 */
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
  const { folder, log, trustedProxy } = options
  const now = options.now ?? (() => new Date())
  const paths = libraryPaths(folder)
  await requireServable(options)
  await mkdir(paths.own, { recursive: true, mode: 0o700 })
  // First, because this is the lock: one process has the library open, and one makes it who it is.
  const store = opened.add(await openQueueStore(paths.queue), (queueStore) => queueStore.close())
  // Of a process that was killed: by now anybody may listen there.
  await withdrawServing(folder)
  const identity = await readOrCreateLibrary(folder)
  await mkdir(paths.uploads, { recursive: true })
  const issuer = await openIssuer(identity)
  const dynamoDb = opened.add(await openDynamoDb(paths.index, region), (database) => database.close())
  await dynamoDb.ensureTable(indexTableDefinition(indexTable))

  const buckets = { [uploadBucket]: paths.uploads, [storageBucket]: folder, ...options.buckets }
  const arrivals: Arrivals = { announce: () => Promise.resolve() }
  const grantsOfOwner = options.permissions?.owner ?? usualGrants(storageBucket)
  const credentials = createTemporaryCredentials(deriveSecret(identity, 'temporary credentials'), grantsOfOwner)
  const { thawClock = now, uploadSizes } = options
  const s3 = opened.add(
    await openEmbeddedS3(
      { ...identity, grants: options.permissions?.functions },
      credentials,
      { buckets, metadataFolder: paths.s3, now, thawClock, minimumPartBytes: uploadSizes?.minimumPartBytes },
      arrivals,
    ),
    (embeddedS3) => embeddedS3.close(),
  )
  const signIn = opened.add(
    new OpenedWhenNeeded(async () => {
      const { openSignIn } = await import('./sign-in.ts')
      return await openSignIn({
        folder,
        region,
        identity,
        issuer,
        dynamoDb,
        publicUrl,
        trustedProxy,
        ownUrl: local.url,
        now,
        log,
      })
    }),
    (openedSignIn) => openedSignIn.close((each) => each.close()),
  )
  const { front, local, publicUrl } = await listenTwice(listenOptionsOf(options), opened)

  const functions = { identity, dynamoDb, s3, now, log, variables: options.variables, uploadSizes }
  const backend = connectFunctions(local.url, functions)
  const identityPool = createIdentityPool({ identityPoolId: identityPoolIdOf(identity), issuer, credentials, now })
  const answerWith = (listening: HttpFront, seen: Backend) => {
    const services = { identity, issuer, signIn, identityPool, dynamoDb, now, publicUrl, trustedProxy }
    listening.answerWith({
      buckets: Object.keys(buckets),
      now,
      isStrict: listening === front && isStrictlyTls(publicUrl),
      s3: (request, response) => s3.handle(request, response),
      api: createRequestAnswerer({
        ...services,
        api: createApiHandler(seen),
        localUrl: listening === local ? local.url : undefined,
      }),
    })
  }
  answerWith(local, backend)
  if (front !== local) answerWith(front, asSeenFrom(publicUrl, backend, functions))

  const reader = opened.add(openMetadataReader(), (metadataReader) => metadataReader.close())
  const handler = durableProcessing(createProcessUploadHandler(backend, reader), dynamoDb)
  const queue = opened.add(await Queue.open({ store, region, handler, concurrency: processingConcurrency, now }), (open) =>
    open.close(),
  )
  arrivals.announce = (body) => queue.send(body)
  const s3Client = createS3Client(backend.environment, { credentials: identity })
  await tidyUploads(s3Client, uploadBucket, queue, now())
  await removeExpiredProbes(s3Client, storageBucket, now())
  await removeEmptyProbeFolders(folder)
  await removeExpiredVerifications(dynamoDb, { folder, identity }, now())
  const removeWhatHasExpired = async (signal: AbortSignal) => {
    await abortExpiredUploads(s3, now())
    await removeExpiredProbes(s3Client, storageBucket, now(), signal)
    await removeExpiredVerifications(dynamoDb, { folder, identity }, now(), signal)
  }
  const onFailure = (error: unknown) => log({ level: 'error', event: 'sweep-failed', error: String(error) })
  opened.add(sweepRegularly(removeWhatHasExpired, { everyMs: sweepEveryMs, onFailure }), (sweeping) => sweeping.close())

  opened.add(await announceServing(folder, local.url), () => withdrawServing(folder))
  return {
    url: publicUrl,
    localUrl: local.url,
    identity,
    queue,
    processUpload: handler,
    accessToken: () => issuer.issueAccessToken(identity, now()),
    idToken: () => issuer.issueIdToken(identity, now()),
    async whenIdle() {
      await Promise.all([front.settled(), local.settled()])
      await queue.whenIdle()
    },
    close: () => opened.close(),
  }
}

interface Listening {
  readonly front: HttpFront
  /** The same one where that is loopback and plain, and told to nobody under another address. */
  readonly local: HttpFront
  readonly publicUrl: string
}

/** Other runs of this machine need neither certificate nor name to find the library: they hold its secrets. */
async function listenTwice(options: ListenOptions, opened: ClosingStack): Promise<Listening> {
  const close = (listening: HttpFront) => listening.close()
  const isLocal = isLoopback(options.host) && options.tls === undefined && options.publicUrl === undefined
  // First, so that it closes last: the functions reach S3 through it for what was asked at the front.
  const local = opened.add(await listenHttp(isLocal ? options : { host: '127.0.0.1', port: 0 }), close)
  if (isLocal) return { front: local, local, publicUrl: local.url }
  const front = opened.add(await listenHttp(options), close)
  return { front, local, publicUrl: publicUrlOf(options, front.port) }
}

/** Takes the events of the upload bucket, once there is a queue. */
interface Arrivals {
  announce(body: string): Promise<void>
}

async function openEmbeddedS3(
  functions: Credentials & { readonly accessKeyId: string },
  credentials: TemporaryCredentialsIssuer,
  options: Pick<S3Options, 'buckets' | 'metadataFolder' | 'now' | 'thawClock' | 'minimumPartBytes'>,
  arrivals: Arrivals,
): Promise<S3Store> {
  return await openS3({
    ...options,
    region,
    findCredentials(accessKeyId, sessionToken) {
      if (accessKeyId === functions.accessKeyId) return functions
      return sessionToken === undefined ? undefined : credentials.find(accessKeyId, sessionToken)
    },
    onObjectCreated: async (event) => {
      if (event.Records[0].s3.bucket.name === uploadBucket) await arrivals.announce(JSON.stringify(event))
    },
  })
}
