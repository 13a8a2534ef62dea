import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { networkOf } from '../lambda/auth/client-address.ts'
import type { TlsFiles } from './listen-rules.ts'
import { UnderWay } from './under-way.ts'

/** How long a closing listener waits for the requests that are under way. */
const usualPatienceMs = 3_000

/** RFC 6797; for 30 days, so that nobody who gives up TLS is locked out for a year. */
const strictTransport = 'max-age=2592000'

/** A connection over which nothing moves for so long is closed; a slow one may take as long as it needs. */
const inactivityMs = 120_000

/** What one client, and all of them, may take of this machine before they have said who they are. */
export interface FrontLimits {
  /** From the start of a request, or of a connection, to the end of its headers. */
  readonly headersMs: number
  /** To receive one request that is not for S3: photos come as slowly as their network is. */
  readonly requestMs: number
  /** Connections that are open at the same time. */
  readonly connections: number
  /** The same of one address (IPv6: its /64). A sync has 70 at most, the functions 50 to the S3 beside them. */
  readonly connectionsPerNetwork: number
}

const usualLimits: FrontLimits = { headersMs: 20_000, requestMs: 60_000, connections: 2048, connectionsPerNetwork: 512 }

export interface HttpFront {
  /** The address that is listened on. */
  readonly url: string
  readonly port: number
  /** Until this is called, requests wait. */
  answerWith(routes: FrontRoutes): void
  /** Resolves when all requests that have come in by now are answered, also those of which the client has gone. */
  settled(): Promise<void>
  /**
   * Waits for the requests that are under way, and is open to others meanwhile: what those need of S3 comes through here, too.
   * @param patienceMs after which all that is still open is cut off; 3 s unless told
   */
  close(patienceMs?: number): Promise<void>
}

/** One listener for everything: S3 owns the paths that start with a bucket, the API all others. */
export interface FrontRoutes {
  readonly buckets: readonly string[]
  /** What every answer says that the time is. */
  readonly now: () => Date
  readonly s3: Answerer
  readonly api: Answerer
  /** Whether browsers shall remember that this name is never asked without TLS, on whatever port. */
  readonly isStrict?: boolean
}

/** Resolves when nothing more is done about the request. */
type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface ListeningAddress {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls?: TlsFiles | undefined
}

export async function listenHttp({ host, port, tls }: ListeningAddress, limits = usualLimits): Promise<HttpFront> {
  const { headersMs } = limits
  const timeouts = { requestTimeout: 0, headersTimeout: headersMs, connectionsCheckingInterval: Math.ceil(headersMs / 4) }
  const options = { ...timeouts, keepAliveTimeout: 30_000, handshakeTimeout: headersMs }
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls })
  server.timeout = inactivityMs
  const connected = limitConnections(server, limits)
  server.listen(port, host)
  await once(server, 'listening')
  const address = addressOf(server)
  const underWay = new UnderWay()

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${address.host}:${address.port}`,
    port: address.port,
    answerWith(routes) {
      const listener: RequestListener = (request, response) => {
        void underWay.follow(dispatch(request, response, routes, limits))
      }
      server.on('request', listener)
      // S3 itself says `100 Continue`, after it has checked the headers.
      server.on('checkContinue', listener)
    },
    settled: () => underWay.settled(),
    async close(patienceMs = usualPatienceMs) {
      const done = new AbortController()
      const impatient = wait(patienceMs, undefined, done).then(
        () => {
          for (const socket of connected) socket.destroy()
        },
        () => {},
      )
      // While it listens yet: the functions reach S3 through here.
      await Promise.race([underWay.settled(), impatient])
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
      // Those that came meanwhile, and have no client any more.
      await Promise.race([underWay.settled(), impatient])
      done.abort()
    },
  }
}

/**
 * Those that are too many are closed without a word. What it hands back are always those that are open: the server's own
 * `closeAllConnections()` knows none that is in its TLS handshake yet.
 */
function limitConnections(server: Server, { connections, connectionsPerNetwork }: FrontLimits): ReadonlySet<Socket> {
  server.maxConnections = connections
  const connected = new Set<Socket>()
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '')
    const count = (open.get(network) ?? 0) + 1
    if (count > connectionsPerNetwork) {
      socket.destroy()
      return
    }
    open.set(network, count)
    connected.add(socket)
    socket.once('close', () => {
      connected.delete(socket)
      const left = (open.get(network) ?? 0) - 1
      if (left > 0) open.set(network, left)
      else open.delete(network)
    })
  })
  return connected
}

async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  routes: FrontRoutes,
  limits: FrontLimits,
): Promise<void> {
  response.setHeader('date', routes.now().toUTCString())
  if (routes.isStrict === true) response.setHeader('strict-transport-security', strictTransport)
  if (!isWellAddressed(request)) {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"message":"Bad Request"}')
    return
  }
  const first = /^\/([^/?]*)/.exec(request.url ?? '')?.[1] ?? ''
  if (routes.buckets.includes(first) || isSignedWithAwsKey(request)) return await routes.s3(request, response)
  closeUnlessReceived(request, limits.requestMs)
  // Whoever waits to be told to go on says nothing else until then.
  if (request.headers.expect !== undefined) response.writeContinue()
  try {
    await routes.api(request, response)
  } catch {
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"Internal Server Error"}')
  }
}

/** Node has one deadline for all requests or none. */
function closeUnlessReceived(request: IncomingMessage, withinMs: number): void {
  const deadline = setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, withinMs).unref()
  request.once('close', () => clearTimeout(deadline))
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
