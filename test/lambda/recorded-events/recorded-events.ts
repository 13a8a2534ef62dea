import type { PreTokenGenerationTriggerEvent, SQSEvent } from 'aws-lambda'
import * as z from 'zod'
import type { ApiEvent } from '../../../lambda/api.ts'
import httpFormPost from './http-form-post.json' with { type: 'json' }
import httpPublicGet from './http-public-get.json' with { type: 'json' }
import httpSignedInPost from './http-signed-in-post.json' with { type: 'json' }
import preTokenGeneration from './pre-token-generation.json' with { type: 'json' }
import s3MultipartEvent from './s3-complete-multipart-upload.json' with { type: 'json' }
import s3PutEvent from './s3-put.json' with { type: 'json' }
import s3Test from './s3-test-event.json' with { type: 'json' }
import sqs from './sqs.json' with { type: 'json' }

/** The types of libraries say more than AWS sends; what is recorded here is what it sends. */
const apiEventSchema = z.custom<ApiEvent>((event) => z.object({ version: z.literal('2.0') }).safeParse(event).success)
const tokenEventSchema = z.custom<PreTokenGenerationTriggerEvent>(
  (event) => z.object({ triggerSource: z.string() }).safeParse(event).success,
)

/** The message that S3 puts into the queue for one object. @param encodedKey as it stands in the event: URL-encoded, a space as `+` */
export function s3Message(encodedKey: string, how: 'put' | 'multipart' = 'put'): string {
  const event = structuredClone(how === 'put' ? s3PutEvent : s3MultipartEvent)
  for (const record of event.Records) record.s3.object.key = encodedKey
  return JSON.stringify(event)
}

/** The message that comes first of all. */
export const s3TestMessage = JSON.stringify(s3Test)

/** What Lambda's poller makes of messages: a batch, with ids `message 0`, `message 1`, … */
export function queueEvent(bodies: readonly string[], receives = 1): SQSEvent {
  const [record] = sqs.Records
  if (record === undefined) throw new Error('sqs.json has no record')
  const attributes = { ...record.attributes, ApproximateReceiveCount: String(receives) }
  return { Records: bodies.map((body, index) => ({ ...record, messageId: `message ${index}`, attributes, body })) }
}

export function publicGet(path: string): ApiEvent {
  return apiEventSchema.parse(requestFor(httpPublicGet, 'GET', path))
}

/** A form, as browsers and OAuth clients send it. */
export function formPost(path: string, fields: Readonly<Record<string, string>>): ApiEvent {
  const body = Buffer.from(new URLSearchParams(fields).toString()).toString('base64')
  return apiEventSchema.parse({ ...requestFor(httpFormPost, 'POST', path), body })
}

export interface SignedInRequest {
  readonly owner: string
  /** Claims that are not those recorded. */
  readonly claims?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** As it comes where a client says no content type. */
  readonly inBase64?: boolean
}

/** A request whose token the authorizer has found right. */
export function signedIn(method: 'GET' | 'POST' | 'DELETE', path: string, request: SignedInRequest): ApiEvent {
  const { owner, claims = {}, json, inBase64 = false } = request
  const event = requestFor(httpSignedInPost, method, path)
  const { authorizer } = httpSignedInPost.requestContext
  const jwt = { ...authorizer.jwt, claims: { ...authorizer.jwt.claims, sub: owner, username: owner, ...claims } }
  const requestContext = { ...event.requestContext, authorizer: { jwt } }
  const { body: _none, ...bodiless } = event
  if (json === undefined) return apiEventSchema.parse({ ...bodiless, requestContext })
  const body = Buffer.from(JSON.stringify(json)).toString(inBase64 ? 'base64' : 'utf8')
  return apiEventSchema.parse({ ...event, requestContext, body, isBase64Encoded: inBase64 })
}

/** What Cognito asks before it makes tokens of a refresh token. */
export function tokenRefresh(owner: string, clientId: string, clientMetadata: Readonly<Record<string, string>>) {
  const { request, callerContext } = preTokenGeneration
  return tokenEventSchema.parse({
    ...preTokenGeneration,
    userName: owner,
    callerContext: { ...callerContext, clientId },
    request: { ...request, userAttributes: { ...request.userAttributes, sub: owner }, clientMetadata },
  })
}

/** Cognito leaves the metadata out where a client sends none. */
export function tokenRefreshWithoutMetadata(owner: string, clientId: string) {
  const event = tokenRefresh(owner, clientId, {})
  const { clientMetadata: _none, ...request } = event.request
  return tokenEventSchema.parse({ ...event, request })
}

type HttpEvent = typeof httpPublicGet | typeof httpFormPost | typeof httpSignedInPost

function requestFor<Event extends HttpEvent>(recorded: Event, method: string, path: string) {
  const url = new URL(path, 'https://any')
  const routeKey = `${method} ${url.pathname}`
  const http = { ...recorded.requestContext.http, method, path: url.pathname }
  return {
    ...recorded,
    routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(url.search !== '' && { queryStringParameters: Object.fromEntries(url.searchParams) }),
    requestContext: { ...recorded.requestContext, http, routeKey },
  }
}
