import { TransferError, UserError } from '../errors.ts'
import { unreachable } from '../remote/remote-errors.ts'
import { isNetworkError, RetryableError, retry } from '../remote/retry.ts'
import { readS3Body } from '../remote/s3-answer.ts'
import { errorOfRefusal, readS3Refusal, type S3Refusal, SignatureRefusedError } from '../remote/s3-refusal.ts'
import type { SignRequest } from '../remote/signed-attempts.ts'
import { signing } from '../remote/signed-attempts.ts'
import { findTlsFailure } from '../remote/tls-failure.ts'
import { answerInTime, type HttpRequest, startExchange, type Transport } from '../remote/transport.ts'
import { networkHint } from './explain-refusal.ts'
import { remoteFault } from './finding.ts'

export type StorageAnswer =
  | { readonly kind: 'done'; readonly body: Buffer; readonly etag: string | undefined }
  /** For good, in the storage's own words. */
  | { readonly kind: 'refused'; readonly refusal: S3Refusal }

export interface AskOptions {
  readonly transport: Transport
  readonly body?: Buffer
  /** The error to throw in place of the one that speaks of the network, for who knows better why nobody answers. */
  readonly whenUnreachable?: ((cause: unknown) => UserError) | undefined
  readonly signal: AbortSignal
}

const maximumAttempts = 4
/** Far more than a probe has. */
const longestBodyBytes = 1024 * 1024

/** Sends one small request to the storage as an original's would be, and keeps what it says when it refuses. Throws a `UserError` with exit code 5. */
export async function askStorage(sign: SignRequest, options: AskOptions): Promise<StorageAnswer> {
  const { transport, signal } = options
  let host = ''
  const attempt = signing(sign, (request) => {
    host = new URL(request.url).origin
    return askOnce(request, options)
  })
  try {
    return await retry(attempt, { clock: transport.clock, maximumAttempts, signal })
  } catch (error) {
    if (error instanceof SignatureRefusedError) return { kind: 'refused', refusal: error.refusal }
    if (error instanceof RetryableError && error.cause instanceof SignatureRefusedError) {
      return { kind: 'refused', refusal: error.cause.refusal }
    }
    signal.throwIfAborted()
    throw host === '' ? error : findStorageFault(error, host, options)
  }
}

/** What is wrong where the storage neither does what it is asked for nor refuses it as S3 does; a bug is given back as it is. */
function findStorageFault(error: unknown, url: string, { whenUnreachable }: AskOptions): unknown {
  if (error instanceof UserError) return error
  if (error instanceof RetryableError) return remoteFault(`it fails again and again: ${error.message}`, failingHint, error)
  if (error instanceof TransferError) return remoteFault(error.message, networkHint, error)
  if (isNetworkError(error)) return whenUnreachable?.(error) ?? unreachable(url, error)
  return findTlsFailure(error, url) ?? error
}

/** Somebody is there: the network is not at fault. */
const failingHint =
  'wait a while, and run it again; if it stays so: a deployment has its storage from AWS, whose status page may say more (https://health.aws.amazon.com); of a library, see what `photos serve --verbose` prints'

async function askOnce(request: HttpRequest, { transport, body, signal }: AskOptions): Promise<StorageAnswer> {
  const exchange = startExchange(transport, request, signal)
  let finished = false
  try {
    exchange.request.end(body)
    const answer = await answerInTime(transport, exchange.request, readAnswer(exchange.response, transport))
    finished = true
    if (answer.kind === 'done') return answer
    const error = errorOfRefusal(answer.refusal)
    if (error instanceof RetryableError || error instanceof SignatureRefusedError) throw error
    return answer
  } finally {
    if (!finished) exchange.request.destroy()
  }
}

async function readAnswer(head: ReturnType<typeof startExchange>['response'], transport: Transport): Promise<StorageAnswer> {
  const response = await head
  if (response.statusCode === 200) {
    const body = await readS3Body(response, longestBodyBytes)
    return { kind: 'done', body, etag: response.headers.etag }
  }
  return { kind: 'refused', refusal: await readS3Refusal(response, transport) }
}
