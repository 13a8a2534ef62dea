import type { IncomingMessage } from 'node:http'
import { TransferError } from '../errors.ts'
import { AnswerTooLongError, readBody } from './transport.ts'

/** All that S3 says beside an original's bytes is far shorter. */
export const longestS3AnswerBytes = 64 * 1024

/**
 * Whether an answer bears S3's mark. What stands between here and the storage, a proxy or the sign-in page of a network, may
 * answer in its place, also with 200.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
 */
export function isFromS3({ headers }: IncomingMessage): boolean {
  return headers['x-amz-request-id'] !== undefined
}

/** The failure of one transfer that somebody else than the storage has answered. */
export function foreignAnswer(status: number | undefined): TransferError {
  return new TransferError(`not the storage answers (status ${status}), but a proxy or this network's sign-in page`)
}

/**
 * Reads the small body of an answer that says yes, to its end, so that the connection can be used again. Throws a
 * `TransferError` where it is not the storage's, or longer than any that was asked for.
 */
export async function readS3Body(response: IncomingMessage, limitBytes = longestS3AnswerBytes): Promise<Buffer> {
  if (!isFromS3(response)) {
    response.destroy()
    throw foreignAnswer(response.statusCode)
  }
  try {
    return await readBody(response, limitBytes)
  } catch (error) {
    if (!(error instanceof AnswerTooLongError)) throw error
    throw new TransferError(`the storage answers something else than it was asked for: ${error.message}`, { cause: error })
  }
}
