import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { findUrl } from '../contract/find-url.ts'
import type { ApiEvent, ApiHandler } from '../lambda/api.ts'
import type { HttpRoute } from '../lambda/http-routes.ts'
import type { AccessTokenClaims } from './issuer.ts'
import { sourceIpOf, type WayHere } from './source-ip.ts'

/** Source: Amazon API Gateway quotas for HTTP APIs, "Payload size". */
const maximumBodyBytes = 10 * 2 ** 20

/** Of routes that are for anyone: forms of a few hundred bytes. A stranger's megabytes are not kept while more are awaited. */
const maximumPublicBodyBytes = 64 * 2 ** 10

/** What the template gives to the HTTP API: its functions, and how a token is verified for the routes that ask for one. */
export interface ApiGatewayOptions extends WayHere {
  readonly routes: readonly HttpRoute[]
  readonly functions: Readonly<Record<HttpRoute['function'], ApiHandler>>
  readonly verifyAccessToken: (token: string) => Promise<AccessTokenClaims | undefined>
  /** Where this API is, without a slash at the end, for the functions: what a client calls it in `Host` is anybody's word. */
  readonly publicUrl: string
}

/** A route that a request has taken, with what its path says. */
interface TakenRoute {
  readonly route: HttpRoute
  readonly pathParameters: Readonly<Record<string, string>>
}

/**
 * Stands in for API Gateway's HTTP API with a JWT authorizer: turns a request into an event of payload format 2.0 and the
 * function's result into a response. Source: Amazon API Gateway Developer Guide, "AWS Lambda proxy integrations for HTTP APIs".
 */
export function createApiGateway(options: ApiGatewayOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = findUrl(`${options.publicUrl}${request.url}`)
    if (url === undefined) return send(response, { statusCode: 400, body: '{"message":"Bad Request"}' })
    const taken = findRoute(options.routes, request.method ?? '', url.pathname)
    if (taken === undefined) return send(response, { statusCode: 404, body: '{"message":"Not Found"}' })
    const claims = taken.route.access === 'owner' ? await authorize(request, options) : undefined
    if (claims === undefined && taken.route.access === 'owner') {
      return send(response, { statusCode: 401, headers: { 'www-authenticate': 'Bearer' }, body: '{"message":"Unauthorized"}' })
    }
    const body = await readBody(request, claims === undefined ? maximumPublicBodyBytes : maximumBodyBytes)
    if (body === undefined) return send(response, { statusCode: 413, body: '{"message":"Request Too Long"}' })
    send(
      response,
      await options.functions[taken.route.function](
        eventOf(request, { url, sourceIp: sourceIpOf(request, options) ?? '' }, taken, body, claims),
      ),
    )
  }
}

/** The first that fits, which is why the list has the most exact ones first. */
function findRoute(routes: readonly HttpRoute[], method: string, path: string): TakenRoute | undefined {
  for (const route of routes) {
    const pathParameters = route.method === method ? matchPath(route.path, path) : undefined
    if (pathParameters !== undefined) return { route, pathParameters }
  }
  return undefined
}

/** What stands in place of each `{name}`, and of a `{name+}` at the end; undefined where the path is another one. */
function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, given] = [pattern.split('/'), path.split('/')]
  const rest = /^\{(.+)\+\}$/.exec(expected.at(-1) ?? '')?.[1]
  if (rest !== undefined) {
    const segments = [...given.slice(0, expected.length - 1), given.slice(expected.length - 1).join('/')]
    return matchSegments([...expected.slice(0, -1), `{${rest}}`], segments)
  }
  return matchSegments(expected, given)
}

function matchSegments(expected: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (expected.length !== given.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, segment] of given.entries()) {
    const name = /^\{(.+)\}$/.exec(expected[index] ?? '')?.[1]
    if (name !== undefined && segment !== '') parameters[name] = segment
    else if (segment !== expected[index]) return undefined
  }
  return parameters
}

async function authorize(request: IncomingMessage, options: ApiGatewayOptions): Promise<AccessTokenClaims | undefined> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined ? undefined : await options.verifyAccessToken(token)
}

/**
 * Undefined when the body is, or says to be, larger than that. The rest is read, too, if only by Node after the answer: who is
 * still sending hears none.
 */
async function readBody(request: IncomingMessage, maximumBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maximumBytes) return undefined
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes <= maximumBytes) chunks.push(chunk)
    else chunks.length = 0
  }
  return sizeBytes <= maximumBytes ? Buffer.concat(chunks) : undefined
}

interface Addresses {
  /** What was asked for. */
  readonly url: URL
  /** Empty where nobody knows. */
  readonly sourceIp: string
}

function eventOf(
  request: IncomingMessage,
  { url, sourceIp }: Addresses,
  { route, pathParameters }: TakenRoute,
  body: Buffer,
  claims: AccessTokenClaims | undefined,
): ApiEvent {
  const method = request.method ?? 'GET'
  const routeKey = `${route.method} ${route.path}`
  const now = new Date()
  const requestContext = {
    accountId: '000000000000',
    apiId: 'embedded',
    domainName: url.host,
    domainPrefix: 'embedded',
    http: {
      method,
      path: url.pathname,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp,
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: randomUUID(),
    routeKey,
    stage: '$default',
    time: now.toISOString(),
    timeEpoch: now.getTime(),
    authentication: null,
    authorizer: claims === undefined ? {} : { jwt: { claims: textClaims(claims), scopes: [] } },
  }
  return {
    version: '2.0',
    routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    cookies: request.headers.cookie?.split(/; */) ?? [],
    headers: { ...headersOf(request), host: url.host },
    queryStringParameters: Object.fromEntries(url.searchParams),
    pathParameters,
    requestContext,
    body: body.length > 0 ? body.toString('base64') : null,
    isBase64Encoded: body.length > 0,
  }
}

/** API Gateway passes every claim on as text. */
function textClaims(claims: AccessTokenClaims): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, String(value)]))
}

/** Cookies are passed on in a field of their own. The bearer token stays at the gate: nothing behind it needs more than the claims. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers = Object.entries(request.headers).filter(([name]) => !['authorization', 'cookie'].includes(name))
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
