import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TlsFiles } from './listen-rules.ts'

/** How long a closing listener waits for the requests that are under way. */
const closingMs = 3_000

/** A connection over which nothing moves for so long is closed; a slow one may take as long as it needs. */
const inactivityMs = 120_000

export interface HttpFront {
  /** The address that is listened on. */
  readonly url: string
  readonly port: number
  /** Until this is called, requests wait. */
  answerWith(routes: FrontRoutes): void
  close(): Promise<void>
}

/** One listener for everything: S3 owns the paths that start with a bucket, the API all others. */
export interface FrontRoutes {
  readonly buckets: readonly string[]
  /** What every answer says that the time is. */
  readonly now: () => Date
  readonly s3: RequestListener
  readonly api: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

export interface ListeningAddress {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls?: TlsFiles | undefined
}

export async function listenHttp({ host, port, tls }: ListeningAddress): Promise<HttpFront> {
  const options = { requestTimeout: 0, keepAliveTimeout: 30_000 }
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls })
  server.timeout = inactivityMs
  server.listen(port, host)
  await once(server, 'listening')
  const address = addressOf(server)

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${address.host}:${address.port}`,
    port: address.port,
    answerWith(routes) {
      const listener: RequestListener = (request, response) => dispatch(request, response, routes)
      server.on('request', listener)
      // S3 itself says `100 Continue`, after it has checked the headers.
      server.on('checkContinue', listener)
    },
    async close() {
      server.close()
      server.closeIdleConnections()
      const impatient = setTimeout(() => server.closeAllConnections(), closingMs)
      await once(server, 'close')
      clearTimeout(impatient)
    },
  }
}

function dispatch(request: IncomingMessage, response: ServerResponse, routes: FrontRoutes): void {
  response.setHeader('date', routes.now().toUTCString())
  if (!isWellAddressed(request)) {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"message":"Bad Request"}')
    return
  }
  const first = /^\/([^/?]*)/.exec(request.url ?? '')?.[1] ?? ''
  if (routes.buckets.includes(first) || isSignedWithAwsKey(request)) {
    routes.s3(request, response)
    return
  }
  routes.api(request, response).catch(() => {
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"Internal Server Error"}')
  })
}

/** A name or an IPv4 address, or an IPv6 one in brackets; then a port or none. */
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]*)|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/**
 * Whether a request says in one way only what it is for: one `Host`, and a path. Everything behind here makes addresses of
 * them, and reads these again.
 */
function isWellAddressed({ headersDistinct, url = '' }: IncomingMessage): boolean {
  const [host = '', ...more] = headersDistinct['host'] ?? []
  return more.length === 0 && hostPattern.test(host) && /^\/(?![/\\])/.test(url)
}

function isSignedWithAwsKey(request: IncomingMessage): boolean {
  return request.headers.authorization?.startsWith('AWS4-HMAC-SHA256') ?? false
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return { host: address.family === 'IPv6' ? `[${address.address}]` : address.address, port: address.port }
}
