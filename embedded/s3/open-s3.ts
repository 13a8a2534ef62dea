import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, stat, statfs } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { UnderWay } from '../under-way.ts'
import { Call, type Service } from './call.ts'
import type { FindCredentials } from './credentials.ts'
import { MultipartStore } from './multipart-store.ts'
import { ObjectStore } from './object-store.ts'
import { findOperation } from './operations.ts'
import { passiveHeaders, requireHeaderValue } from './passive-content.ts'
import { openRecords } from './records.ts'
import { sendError, sendResponse } from './respond.ts'
import { S3Error } from './s3-error.ts'
import { createS3Event, type S3Event } from './s3-event.ts'
import { parseS3Request, type S3Request } from './s3-request.ts'
import { verifySignature } from './verify-signature.ts'

/** Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
const usualMinimumPartBytes = 5 * 1024 ** 2

export interface S3Options {
  /** Where this S3 keeps what is not an object: metadata, parts of uploads, temporary files. On the buckets' file system. */
  readonly metadataFolder: string
  readonly region: string
  /** Bucket name → folder in which its objects lie as plain files, named as key-path.ts says. */
  readonly buckets: Readonly<Record<string, string>>
  readonly findCredentials: FindCredentials
  /**
   * Called once an object is durably there; the client gets its answer when it returns. When it throws, the client gets a
   * 500 although the object is stored, as after a torn connection.
   */
  readonly onObjectCreated: (event: S3Event) => void | Promise<void>
  /** Told of failures that are nobody's fault but ours or the disk's. */
  readonly onInternalError?: (error: unknown) => void
  readonly now?: () => Date
  /** The time by which archived objects thaw, and freeze again; that of `now` unless a test has no two days. */
  readonly thawClock?: () => Date
  /** A part that is not the last one is at least as large: 5 MiB, as everywhere, unless a test has smaller ones. */
  readonly minimumPartBytes?: number | undefined
}

export interface S3Store {
  /**
   * Answers a request in path style (`/BUCKET/KEY`). To be given both 'request' and 'checkContinue' events of an HTTP
   * server whose `requestTimeout` is 0, since a large upload over a slow line takes hours. Resolves when nothing more is done
   * about the request, and never rejects.
   */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Waits for requests under way, then lets go of the folder. Close the HTTP server's connections first. */
  close(): Promise<void>
  /** What the disk has left for new objects. */
  freeBytes(): Promise<number>
  /** Aborts multipart uploads of a bucket that are older than that, as a lifecycle rule does. */
  abortUploadsBegunBefore(bucket: string, moment: Date): Promise<void>
}

/** Opens an S3 on folders of this machine; only one process at a time can. Sweeps what a killed one left behind. */
export async function openS3(options: S3Options): Promise<S3Store> {
  const now = options.now ?? (() => new Date())
  const temporaryFolder = join(options.metadataFolder, 'temporary')
  const partsFolder = join(options.metadataFolder, 'parts')
  await mkdir(options.metadataFolder, { recursive: true, mode: 0o700 })
  const database = await openRecords(join(options.metadataFolder, 'records'))
  await rm(temporaryFolder, { recursive: true, force: true })
  for (const folder of [temporaryFolder, partsFolder, ...Object.values(options.buckets)]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await requireSameFileSystem(options.metadataFolder, folder)
  }
  const buckets = new Map(Object.entries(options.buckets))
  const objects = new ObjectStore(database, temporaryFolder, buckets)
  const uploads = new MultipartStore(database, partsFolder)
  await objects.sweepLeftovers()
  await uploads.sweepLeftovers(now())
  const objectCreated = createNotifier(options, now)
  const thawClock = options.thawClock ?? now
  const minimumPartBytes = options.minimumPartBytes ?? usualMinimumPartBytes
  const { region } = options
  const service: Service = { region, database, objects, uploads, now, thawClock, minimumPartBytes, objectCreated }
  const underWay = new UnderWay()
  return {
    handle: (incoming, response) => underWay.follow(answer(incoming, response, service, { ...options, now })),
    close: async () => {
      await underWay.settled()
      await database.close()
    },
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(options.metadataFolder)
      return bavail * bsize
    },
    abortUploadsBegunBefore: (bucket, moment) => uploads.abortBegunBefore(bucket, moment),
  }
}

/** A rename is atomic only within one. */
async function requireSameFileSystem(left: string, right: string): Promise<void> {
  if ((await stat(left)).dev !== (await stat(right)).dev) {
    throw new Error(`${right} is on another file system than ${left}; an object could not be put into place in one step`)
  }
}

function createNotifier(options: S3Options, now: () => Date): Service['objectCreated'] {
  let sequence = BigInt(now().getTime()) << 20n
  return async (call, object) => {
    sequence += 1n
    const { bucket, key, incoming } = call.request
    const { accessKeyId } = call.authorization
    const sourceAddress = incoming.socket.remoteAddress ?? ''
    const created = { ...object, bucket, key, accessKeyId, sourceAddress, requestId: call.requestId, sequence }
    await options.onObjectCreated(createS3Event(created, options.region, now()))
  }
}

type AnswerOptions = S3Options & { readonly now: () => Date }

/** Never rejects: whatever goes wrong is the client's answer. */
async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  service: Service,
  options: AnswerOptions,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase()
  response.setHeader('x-amz-request-id', requestId)
  for (const [name, value] of Object.entries(passiveHeaders)) response.setHeader(name, value)
  // A client that goes away is seen where its bytes are awaited; without a listener the event would end the process.
  incoming.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    const request = parseS3Request(incoming)
    const call = await authenticate(request, response, service, options, requestId)
    await sendResponse(incoming, response, await findOperation(call.request)(call))
  } catch (error) {
    const { isInternal } = sendError(incoming, response, error, requestId)
    if (isInternal) options.onInternalError?.(error)
  }
}

async function authenticate(
  request: S3Request,
  response: ServerResponse,
  service: Service,
  options: AnswerOptions,
  requestId: string,
): Promise<Call> {
  const authorization = await verifySignature(request, options)
  const folder = Object.hasOwn(options.buckets, request.bucket) ? options.buckets[request.bucket] : undefined
  // A bucket whose folder somebody took away is gone; to make it anew would hide that, or fill the disk under an unmounted one.
  if (folder === undefined || !existsSync(folder)) {
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist')
  }
  return new Call(withSignedParameters(request), service, authorization, response, requestId)
}

/** A presigned URL may carry `x-amz-*` headers as parameters. A checksum among them is not enforced by S3, so it is refused. */
function withSignedParameters(request: S3Request): S3Request {
  const hoisted = [...request.query].filter(([name]) => name.startsWith('x-amz-'))
  const refused = hoisted.find(([name]) => /^x-amz-(checksum-(?!mode)|content-)/.test(name))
  if (refused !== undefined) {
    throw new S3Error('NotImplemented', `${refused[0]} in a query is not implemented; sign it as a header.`)
  }
  for (const [name, value] of hoisted) requireHeaderValue(name, value)
  const query = [...request.query].filter(([name]) => !name.startsWith('x-amz-'))
  return { ...request, headers: new Map([...hoisted, ...request.headers]), query: new Map(query) }
}
