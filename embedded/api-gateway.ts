import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiEvent, ApiHandler } from '../lambda/api.ts'
import type { AccessTokenClaims } from './issuer.ts'

/** Source: Amazon API Gateway quotas for HTTP APIs, "Payload size". */
const maximumBodyBytes = 10 * 2 ** 20

/** What the template gives to the HTTP API: which routes are public, and how a token is verified for the others. */
export interface ApiGatewayOptions {
  readonly handler: ApiHandler
  readonly isPublic: (method: string, path: string) => boolean
  readonly verifyAccessToken: (token: string) => Promise<AccessTokenClaims | undefined>
}

/**
 * Stands in for API Gateway's HTTP API with a JWT authorizer: turns a request into an event of payload format 2.0 and the
 * function's result into a response. Source: Amazon API Gateway Developer Guide, "AWS Lambda proxy integrations for HTTP APIs".
 */
export function createApiGateway(options: ApiGatewayOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!URL.canParse(request.url ?? '/', 'http://embedded'))
      return send(response, { statusCode: 400, body: '{"message":"Bad Request"}' })
    const url = new URL(request.url ?? '/', 'http://embedded')
    const claims = await authorize(request, options)
    if (claims === undefined && !options.isPublic(request.method ?? '', url.pathname)) {
      return send(response, { statusCode: 401, headers: { 'www-authenticate': 'Bearer' }, body: '{"message":"Unauthorized"}' })
    }
    const body = await readBody(request)
    if (body === undefined) return send(response, { statusCode: 413, body: '{"message":"Request Too Long"}' })
    send(response, await options.handler(eventOf(request, url, body, claims)))
  }
}

async function authorize(request: IncomingMessage, options: ApiGatewayOptions): Promise<AccessTokenClaims | undefined> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined ? undefined : await options.verifyAccessToken(token)
}

/** Undefined when the body is larger than API Gateway takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes > maximumBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function eventOf(request: IncomingMessage, url: URL, body: Buffer, claims: AccessTokenClaims | undefined): ApiEvent {
  const method = request.method ?? 'GET'
  const now = new Date()
  const authorizer = claims === undefined ? {} : { jwt: { claims: textClaims(claims), scopes: [] } }
  const requestContext = {
    accountId: '000000000000',
    apiId: 'embedded',
    domainName: request.headers.host ?? 'embedded',
    domainPrefix: 'embedded',
    http: {
      method,
      path: url.pathname,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: randomUUID(),
    routeKey: '$default',
    stage: '$default',
    time: now.toISOString(),
    timeEpoch: now.getTime(),
    authentication: null,
    authorizer,
  }
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: headersOf(request),
    queryStringParameters: Object.fromEntries(url.searchParams),
    requestContext,
    body: body.length > 0 ? body.toString('base64') : null,
    isBase64Encoded: body.length > 0,
  }
}

/** API Gateway passes every claim on as text. */
function textClaims(claims: AccessTokenClaims): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, String(value)]))
}

/** The bearer token stays at the gate: nothing behind it needs more than the claims. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers = Object.entries(request.headers).filter(([name]) => name !== 'authorization')
  return Object.fromEntries(headers.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]))
}

interface GatewayResult {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string | string[]>> | undefined
  readonly cookies?: readonly string[]
  readonly body: string
  readonly isBase64Encoded?: boolean
}

function send(response: ServerResponse, result: GatewayResult): void {
  const body = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8')
  response.statusCode = result.statusCode
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value))
  for (const cookie of result.cookies ?? []) response.appendHeader('set-cookie', cookie)
  response.setHeader('content-length', body.length)
  response.end(body)
}
