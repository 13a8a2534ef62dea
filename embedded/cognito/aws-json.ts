import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'

/** A refusal in Cognito's own terms, such as `NotAuthorizedException`. Always status 400, as Cognito's are. */
export class CognitoError extends Error {
  override readonly name = 'CognitoError'
  readonly code: string

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** One call of a service: takes the parsed body, and gives what becomes the answer's JSON. Throws a {@link CognitoError}. */
export type AwsCall = (body: unknown, request: IncomingMessage) => Promise<unknown>

/** By the name that `X-Amz-Target` gives: `AWSCognitoIdentityService.GetId`. */
export type AwsCalls = Readonly<Record<string, AwsCall>>

const maximumBodyBytes = 64 * 1024

export function isAwsJson(request: IncomingMessage): boolean {
  return request.method === 'POST' && request.headers['x-amz-target'] !== undefined
}

/** Whether a request calls this service, such as `AWSCognitoIdentityService`. */
export function isCallOf(service: string, request: IncomingMessage): boolean {
  return String(request.headers['x-amz-target']).startsWith(`${service}.`)
}

/** Answers a request of the protocol "AWS JSON 1.1". Source: Smithy 2.0, "AWS JSON 1.1 protocol". */
export async function answerAwsJson(request: IncomingMessage, response: ServerResponse, calls: AwsCalls): Promise<void> {
  try {
    const target = String(request.headers['x-amz-target'])
    const call = Object.hasOwn(calls, target) ? calls[target] : undefined
    if (call === undefined) throw new CognitoError('UnknownOperationException', `${target} is not implemented`)
    send(response, 200, await call(await readJson(request), request))
  } catch (error) {
    if (!(error instanceof CognitoError)) throw error
    response.setHeader('x-amzn-errortype', error.code)
    send(response, 400, { __type: error.code, message: error.message })
  }
}

/** The parameters of a call. Throws InvalidParameterException for those that are not what the call takes. */
export function parseParameters<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new CognitoError('InvalidParameterException', z.prettifyError(parsed.error).replaceAll('\n', ' '))
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes <= maximumBodyBytes) chunks.push(chunk)
  }
  if (sizeBytes > maximumBodyBytes) throw new CognitoError('SerializationException', 'the request is too long')
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch (cause) {
    throw new CognitoError('SerializationException', 'the request is no JSON', { cause })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
