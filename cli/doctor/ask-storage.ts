import { unreachable } from '../remote/remote-errors.ts'
import { isNetworkError, RetryableError, retry } from '../remote/retry.ts'
import { errorOfRefusal, readS3Refusal, type S3Refusal, SignatureRefusedError } from '../remote/s3-refusal.ts'
import type { SignRequest } from '../remote/sign-original.ts'
import { signing } from '../remote/signed-attempts.ts'
import { answerInTime, type HttpRequest, readBody, startExchange, type Transport } from '../remote/transport.ts'

export type StorageAnswer =
  | { readonly kind: 'done'; readonly body: Buffer }
  /** For good, in the storage's own words. */
  | { readonly kind: 'refused'; readonly refusal: S3Refusal }

export interface AskOptions {
  readonly transport: Transport
  readonly body?: Buffer
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
    if (host !== '' && (error instanceof RetryableError || isNetworkError(error))) throw unreachable(host, error)
    throw error
  }
}

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
  if (response.statusCode === 200) return { kind: 'done', body: await readBody(response, longestBodyBytes) }
  return { kind: 'refused', refusal: await readS3Refusal(response, transport) }
}
