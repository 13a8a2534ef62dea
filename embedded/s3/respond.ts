import type { IncomingMessage, ServerResponse } from 'node:http'
import type { S3Response } from './call.ts'
import { sendFileBody } from './file-body.ts'
import { passiveHeaders } from './passive-content.ts'
import { toS3Error } from './s3-error.ts'
import { xmlDocument } from './xml.ts'

/** How much of an unwanted body is read and thrown away, so that the client gets to read the refusal, before hanging up. */
const maximumDrainedBytes = 64 * 1024 ** 2

/** What stays when an answer turns out to be a refusal. */
const headersOfEveryAnswer = new Set(['x-amz-request-id', 'date', ...Object.keys(passiveHeaders)])

export async function sendResponse(incoming: IncomingMessage, response: ServerResponse, answer: S3Response): Promise<void> {
  const { body, headers = {} } = answer
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value)
  response.statusCode = answer.status
  if (typeof body === 'object') {
    await sendFileBody(response, body)
    return
  }
  if (body !== undefined) response.setHeader('content-type', 'application/xml')
  if (incoming.method !== 'HEAD' && answer.status !== 204 && answer.status !== 304) {
    response.setHeader('content-length', Buffer.byteLength(body ?? ''))
  }
  response.end(body)
}

/** Answers in S3's XML; once an answer has begun, all that can be done is to hang up. */
export function sendError(
  incoming: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  requestId: string,
): { readonly isInternal: boolean } {
  const hasGone = response.destroyed || (incoming.destroyed && !incoming.complete)
  if (response.headersSent || hasGone) {
    response.destroy()
    return { isInternal: !hasGone }
  }
  const { code, message, status, details } = toS3Error(error)
  const body = xmlDocument('Error', [
    ['Code', code],
    ['Message', message],
    ...Object.entries(details),
    ['Resource', incoming.url?.split('?')[0]],
    ['RequestId', requestId],
  ])
  for (const name of response.getHeaderNames()) if (!headersOfEveryAnswer.has(name)) response.removeHeader(name)
  response.statusCode = status
  if (!incoming.complete) dismissBody(incoming, response)
  if (incoming.method === 'HEAD') {
    response.end()
  } else {
    response.setHeader('content-type', 'application/xml')
    response.setHeader('content-length', Buffer.byteLength(body))
    response.end(body)
  }
  return { isInternal: status === 500 }
}

function dismissBody(incoming: IncomingMessage, response: ServerResponse): void {
  // A client that was never told to go on may leave the body out: what it sends next could be either.
  if (incoming.headers.expect !== undefined) response.setHeader('connection', 'close')
  let drainedBytes = 0
  incoming.on('data', (chunk: Buffer) => {
    drainedBytes += chunk.length
    if (drainedBytes > maximumDrainedBytes) incoming.socket.destroy()
  })
  incoming.resume()
}
