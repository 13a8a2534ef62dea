import type { IncomingMessage } from 'node:http'
import { TransferError } from '../errors.ts'
import { parseRetryAfter, RetryableError } from './retry.ts'
import { readBody, type Transport } from './transport.ts'

/** How S3 says no. `code` is empty where the answer was not S3's, as from a proxy. */
export interface S3Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly retryAfterMs: number | undefined
}

const longestErrorBytes = 64 * 1024

/** Reads an answer that is not 2xx to its end, so that the connection can be used again. */
export async function readS3Refusal(response: IncomingMessage, transport: Transport): Promise<S3Refusal> {
  const text = (await readBody(response, longestErrorBytes)).toString()
  return {
    status: response.statusCode ?? 0,
    code: elementText(text, 'Code'),
    message: elementText(text, 'Message'),
    retryAfterMs: parseRetryAfter(response.headers['retry-after'], transport.clock.now()),
  }
}

/**
 * The text of one element of S3's error document, which is flat and has no attributes: a parser would bring nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
function elementText(xml: string, name: 'Code' | 'Message'): string {
  return new RegExp(`<${name}>([^<]{0,300})`).exec(xml)?.[1] ?? ''
}

const passingStatuses = new Set([429, 500, 502, 503, 504])
const passingCodes = new Set(['SlowDown', 'InternalError', 'RequestTimeout', 'ServiceUnavailable', 'ConditionalRequestConflict'])
const differentBytesCodes = new Set(['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'])

/** The error to throw for a refusal: one to retry, or one that says what is wrong with this transfer. */
export function errorOfRefusal(refusal: S3Refusal): RetryableError | TransferError {
  const { status, code, message, retryAfterMs } = refusal
  if (passingStatuses.has(status) || passingCodes.has(code)) {
    return new RetryableError(`the storage answers ${code || status}`, { retryAfterMs })
  }
  if (isExpired(refusal)) return new TransferError('the signed request has expired', { kind: 'expired' })
  if (differentBytesCodes.has(code))
    return new TransferError('the bytes that arrived are not those announced', { kind: 'bytes-differ' })
  if (code === 'InsufficientStorage') return new TransferError('the disk of the library is full')
  if (status === 404) return new TransferError('the storage does not have it', { kind: 'missing' })
  if (code === 'RequestTimeTooSkewed') return new TransferError("the storage refuses it: this machine's clock is wrong")
  return new TransferError(`the storage refuses it: ${code || status}${message === '' ? '' : ` (${message})`}`)
}

/** The signed request itself (`AccessDenied`, "Request has expired") or the session that signed it. */
function isExpired({ status, code, message }: S3Refusal): boolean {
  return code === 'ExpiredToken' || (status === 403 && /expired/i.test(message))
}
