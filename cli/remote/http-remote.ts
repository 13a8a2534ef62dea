import * as z from 'zod'
import {
  type FindPhotoResponse,
  findPhotoResponseSchema,
  type ListEntry,
  type ListPhotosResponse,
  listPhotosResponseSchema,
  type UsageResponse,
  usageResponseSchema,
} from '../../contract/photos.ts'
import { apiVersion, type RemoteConfiguration, remoteConfigurationSchema } from '../../contract/remote-configuration.ts'
import {
  abandonUploadsResponseSchema,
  beginUploadsResponseSchema,
  completeUploadResponseSchema,
  confirmResponseSchema,
  signPartsResponseSchema,
} from '../../contract/transfers.ts'
import { restoreResponseSchema, trashResponseSchema } from '../../contract/trash.ts'
import { askVerificationResponseSchema, beginVerificationResponseSchema } from '../../contract/verifications.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session } from '../session/session.ts'
import { type ApiCall, type ApiClient, createApiClient } from './api-client.ts'
import { createCredentialIssuer } from './issue-credentials.ts'
import type { CallOptions, ListRange, Remote } from './remote.ts'
import { defaultSignInHint, remoteIsOlder, unreachableAtFirst } from './remote-errors.ts'
import { createOriginalSigner } from './sign-original.ts'
import { createTemporaryCredentials } from './temporary-credentials.ts'
import type { Transport } from './transport.ts'

export interface HttpRemoteOptions {
  /** The address under which `.well-known/photos.json` is. */
  readonly url: string
  readonly session: Session
  readonly transport: Transport
  readonly signal?: AbortSignal | undefined
  /** See {@link createApiClient}. */
  readonly whenUnreachable?: ((cause: unknown) => UserError) | undefined
  /** What to type when the session is not accepted; `photos login` unless there is something better. */
  readonly signInHint?: string | undefined
}

/** A remote that does not answer at once is a wrong address more often than a passing fault. */
const attemptsToOpen = 3

/** The remote at an address, after it has described itself. Throws a `UserError` when there is none, or a newer one. */
export async function openHttpRemote(options: HttpRemoteOptions): Promise<Remote> {
  return createHttpRemote(await fetchRemoteConfiguration(options), options)
}

/** A remote that has described itself already. */
export function createHttpRemote(configuration: RemoteConfiguration, options: Omit<HttpRemoteOptions, 'url' | 'signal'>): Remote {
  const { session, transport, whenUnreachable, signInHint = defaultSignInHint } = options
  const client = createApiClient({ url: configuration.endpoints.api, session, transport, whenUnreachable, signInHint })
  const { serverClock } = transport
  const issue = createCredentialIssuer({ configuration, session, transport, serverClock, signInHint })
  const credentials = createTemporaryCredentials(issue, serverClock)
  const signer = createOriginalSigner({ configuration, credentials, serverClock })
  return {
    ...remoteOf(configuration, client),
    signDownload: (key, options) => signer.signDownload(key, options?.signal),
    signThaw: (key, call, options) => signer.signThaw(key, call, options?.signal),
  }
}

/** What a remote tells anyone about itself; needs no session. */
export async function fetchRemoteConfiguration(options: Omit<HttpRemoteOptions, 'session'>): Promise<RemoteConfiguration> {
  const { url, transport } = options
  const whenUnreachable = (cause: unknown): UserError => unreachableAtFirst(url, cause)
  const client = createApiClient({ url, transport, maximumAttempts: attemptsToOpen, whenUnreachable })
  const answer = await client({ path: '.well-known/photos.json', answer: z.unknown(), signal: options.signal })
  // The version first: a newer remote may describe itself in other words.
  const version = z.object({ apiVersion: z.int() }).safeParse(answer)
  if (version.success && version.data.apiVersion > apiVersion) {
    throw new UserError('the remote is newer than this photos', {
      exitCode: exitCodes.remoteUnreachable,
      hint: 'update photos',
    })
  }
  const configuration = remoteConfigurationSchema.safeParse(answer)
  if (!configuration.success) throw notARemote(options.url, configuration.error)
  return configuration.data
}

function notARemote(url: string, cause: unknown): UserError {
  return new UserError(`${new URL(url).host} is not a photos remote`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the address: it is the one that a deployment or `photos serve` printed',
    cause,
  })
}

function remoteOf(configuration: RemoteConfiguration, client: ApiClient): Omit<Remote, 'signDownload' | 'signThaw'> {
  return {
    configuration,
    beginUploads: async (originals, options) =>
      (await post(client, 'v1/uploads', { originals }, beginUploadsResponseSchema, options)).uploads,
    signParts: async (request, options) =>
      (await post(client, 'v1/uploads/parts', request, signPartsResponseSchema, options)).requests,
    completeUpload: (contentHash, uploadId, options) =>
      post(client, 'v1/uploads/complete', { contentHash, uploadId }, completeUploadResponseSchema, options),
    abandonUploads: async (uploads, options) => {
      const call = {
        path: 'v1/uploads/abandon',
        body: { uploads },
        answer: abandonUploadsResponseSchema,
        signal: options?.signal,
      }
      return (await client(call))?.uploads ?? []
    },
    confirm: async (photos, options) =>
      (await post(client, 'v1/photos/confirm', { photos, checkUploads: options?.checkUploads }, confirmResponseSchema, options))
        .photos,
    listPhotos: (range, options) => listPhotos(client, range, options),
    findPhoto: (contentHash, options): Promise<FindPhotoResponse | undefined> =>
      client({ path: `v1/photos/${contentHash}`, answer: findPhotoResponseSchema, signal: options?.signal }),
    beginVerification: async (contentHashes, options) =>
      (await post(client, 'v1/verifications', { contentHashes }, beginVerificationResponseSchema, options)).verificationId,
    findVerifications: async (verificationId, contentHashes, options) => {
      const asked = { verificationId, contentHashes }
      return (await post(client, 'v1/verifications/ask', asked, askVerificationResponseSchema, options)).verifications
    },
    usage: (options) => sumUsage(client, options),
    trash: async (contentHashes, options) =>
      (await post(client, 'v1/trash', { contentHashes }, trashResponseSchema, options)).photos,
    restore: async (contentHashes, options) =>
      (await post(client, 'v1/trash/restore', { contentHashes }, restoreResponseSchema, options)).photos,
  }
}

async function post<T>(
  client: ApiClient,
  path: string,
  body: unknown,
  answer: ApiCall<T>['answer'],
  options?: CallOptions,
): Promise<T> {
  return found(await client({ path, body, answer, signal: options?.signal }), path)
}

/** Routes that are always there: without them the remote is an older one. */
function found<T>(answer: T | undefined, path: string): T {
  if (answer === undefined) throw remoteIsOlder(`it has no ${path}`)
  return answer
}

/** The next page is under way while the entries of this one are used, so that a list seldom waits. */
async function* listPhotos(client: ApiClient, range: ListRange, options?: CallOptions): AsyncGenerator<ListEntry> {
  const unwanted = new AbortController()
  const signal = options?.signal ? AbortSignal.any([options.signal, unwanted.signal]) : unwanted.signal
  const fetchPage = (cursor?: string): Promise<ListPhotosResponse> => {
    const page = fetchListPage(client, range, cursor, signal)
    page.catch(() => {}) // awaited later, or never
    return page
  }
  try {
    let next: Promise<ListPhotosResponse> | undefined = fetchPage()
    while (next !== undefined) {
      const page: ListPhotosResponse = await next
      next = page.cursor === undefined ? undefined : fetchPage(page.cursor)
      yield* page.entries
    }
  } finally {
    unwanted.abort()
  }
}

async function fetchListPage(
  client: ApiClient,
  { from, before, undated, trashed }: ListRange,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<ListPhotosResponse> {
  const query = { from, before, undated: undated ? 'true' : undefined, trashed: trashed ? 'true' : undefined, cursor }
  return found(await client({ path: 'v1/photos', query, answer: listPhotosResponseSchema, signal }), 'v1/photos')
}

async function sumUsage(client: ApiClient, options?: CallOptions): Promise<Omit<UsageResponse, 'cursor'>> {
  let total = { photos: 0, originalBytes: 0, renditionBytes: 0 }
  let cursor: string | undefined
  do {
    const call = { path: 'v1/usage', query: { cursor }, answer: usageResponseSchema, signal: options?.signal }
    const page = found(await client(call), call.path)
    total = {
      photos: total.photos + page.photos,
      originalBytes: total.originalBytes + page.originalBytes,
      renditionBytes: total.renditionBytes + page.renditionBytes,
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return total
}
