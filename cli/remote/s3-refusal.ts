import type { IncomingMessage } from 'node:http'
import { TransferError } from '../errors.ts'
import { parseRetryAfter, RetryableError } from './retry.ts'
import { foreignAnswer, isFromS3, longestS3AnswerBytes } from './s3-answer.ts'
import { AnswerTooLongError, readBody, type Transport } from './transport.ts'

/** How S3 says no. `code` is empty where the answer has no body, or was not S3's. */
export interface S3Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly retryAfterMs: number | undefined
  /** Where the bucket is, when the request was for another region: `x-amz-bucket-region`, or `Region` in the error. */
  readonly bucketRegion?: string | undefined
  /** Somebody else said no in its place, as a proxy does. */
  readonly isForeign?: boolean
}

/** A refusal of how a request was signed, not of what it asks for: signed anew, it may be taken. */
export class SignatureRefusedError extends TransferError {
  readonly refusal: S3Refusal

  constructor(message: string, refusal: S3Refusal) {
    super(message, { kind: 'expired' })
    this.refusal = refusal
  }
}

/**
 * Reads an answer that is not 2xx to its end, so that the connection can be used again. One that is longer than any of S3's is
 * broken off, and says what its head says.
 */
export async function readS3Refusal(response: IncomingMessage, transport: Transport): Promise<S3Refusal> {
  const text = await readErrorDocument(response)
  const code = elementText(text, 'Code')
  return {
    status: response.statusCode ?? 0,
    code,
    message: elementText(text, 'Message'),
    retryAfterMs: parseRetryAfter(response.headers['retry-after'], transport.serverClock.now().getTime()),
    bucketRegion: regionIn(response, text),
    isForeign: code === '' && !isFromS3(response),
  }
}

async function readErrorDocument(response: IncomingMessage): Promise<string> {
  try {
    return (await readBody(response, longestS3AnswerBytes)).toString()
  } catch (error) {
    if (error instanceof AnswerTooLongError) return ''
    throw error
  }
}

function regionIn({ headers, statusCode }: IncomingMessage, text: string): string | undefined {
  // The header also comes with refusals that are about something else.
  const header = statusCode === 301 || statusCode === 307 ? headers['x-amz-bucket-region'] : undefined
  return header?.toString() || elementText(text, 'Region') || undefined
}

/**
 * The text of one element of S3's error document, which is flat and has no attributes: a parser would bring nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
function elementText(xml: string, name: 'Code' | 'Message' | 'Region'): string {
  return new RegExp(`<${name}>([^<]{0,300})`).exec(xml)?.[1] ?? ''
}

const passingStatuses = new Set([429, 500, 502, 503, 504])
const passingCodes = new Set(['SlowDown', 'InternalError', 'RequestTimeout', 'ServiceUnavailable', 'ConditionalRequestConflict'])
const differentBytesCodes = new Set(['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'])
/** Why a signature is refused that may have been right a while ago, or by another clock. */
const signatureRefusals: Readonly<Record<string, string>> = {
  ExpiredToken: 'the credentials have expired',
  TokenRefreshRequired: 'the credentials have expired',
  InvalidToken: 'the storage does not accept the credentials',
  InvalidAccessKeyId: 'the storage does not accept the credentials',
  RequestTimeTooSkewed: "the storage refuses it: this machine's clock is wrong",
}

/** The error to throw for a refusal: one to retry, or one that says what is wrong with this transfer. */
export function errorOfRefusal(refusal: S3Refusal): RetryableError | TransferError {
  const { status, code, message, retryAfterMs } = refusal
  if (passingStatuses.has(status) || passingCodes.has(code)) {
    return new RetryableError(`the storage answers ${code || status}`, { retryAfterMs })
  }
  if (refusal.isForeign) return foreignAnswer(status)
  const signatureRefusal = signatureRefusals[code] ?? findExpiry(refusal)
  if (signatureRefusal !== undefined) return new SignatureRefusedError(signatureRefusal, refusal)
  if (differentBytesCodes.has(code))
    return new TransferError('the bytes that arrived are not those announced', { kind: 'bytes-differ' })
  if (code === 'IncompleteObject')
    return new TransferError('the bytes in the storage are not those of its content hash', { kind: 'bytes-differ' })
  if (code === 'InsufficientStorage') return new TransferError('the disk of the library is full')
  if (status === 404) return new TransferError('the storage does not have it', { kind: 'missing' })
  if (code === 'InvalidObjectState') return new TransferError('it lies in the archive', { kind: 'archived' })
  const kind = code === 'AccessDenied' ? 'denied' : 'failed'
  return new TransferError(`the storage refuses it: ${code || status}${message === '' ? '' : ` (${message})`}`, { kind })
}

/** A presigned request that is too old: `AccessDenied`, "Request has expired". */
function findExpiry({ status, message }: S3Refusal): string | undefined {
  return status === 403 && /expired/i.test(message) ? 'the signed request has expired' : undefined
}
