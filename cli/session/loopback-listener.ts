import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { findUrl } from '../../contract/find-url.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** What the browser was sent back with, and the page that it waits for. */
export interface LoopbackCallback {
  readonly url: URL
  /** Tells the person how it went. Resolves when the browser has it, or has gone. */
  answer(outcome: string): Promise<void>
}

/** Waits on this machine for a browser to come back from the managed login (RFC 8252, section 7.3). */
export interface LoopbackListener {
  readonly redirectUri: string
  /** The one callback that carries the state; nobody else's request gets this far. */
  readonly callback: Promise<LoopbackCallback>
  close(): Promise<void>
}

/**
 * Listens at the first of the redirect URIs whose port is free, on both loopback addresses: `localhost` may be either, and a
 * stranger on the other one would get the authorization code. Throws a `UserError` with exit code 5 where all are taken.
 */
export async function listenOnLoopback(redirectUris: readonly string[], state: string): Promise<LoopbackListener> {
  for (const redirectUri of redirectUris) {
    const { promise, handle } = awaitCallback(redirectUri, state)
    const servers = await listenOnBoth(Number(new URL(redirectUri).port), handle)
    if (servers) return { redirectUri, callback: promise, close: () => closeAll(servers) }
  }
  const ports = redirectUris.map((uri) => new URL(uri).port).join(', ')
  throw new UserError(`the ports that the browser may come back to are in use: ${ports}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'end what uses one of them, or sign in without --browser',
  })
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void

function awaitCallback(
  redirectUri: string,
  state: string,
): { readonly promise: Promise<LoopbackCallback>; readonly handle: Handle } {
  const expected = new URL(redirectUri)
  let resolve = (_callback: LoopbackCallback): void => {}
  const promise = new Promise<LoopbackCallback>((accept) => {
    resolve = accept
  })
  let isTaken = false
  const handle: Handle = (request, response) => {
    const target = request.url ?? '/'
    const url = findUrl(target, expected.href)
    // The host: a page elsewhere whose name leads to this address must not get an answer (DNS rebinding).
    const isCallback = request.method === 'GET' && url?.pathname === expected.pathname && request.headers.host === expected.host
    if (!isCallback || url === undefined) return void respond(response, 404, 'There is nothing here.')
    if (url.searchParams.get('state') !== state)
      return void respond(response, 400, 'This is not the sign-in that photos waits for.')
    if (isTaken) return void respond(response, 400, 'This sign-in has been taken up already.')
    isTaken = true
    resolve({ url, answer: (outcome) => respond(response, 200, outcome) })
  }
  return { promise, handle }
}

async function listenOnBoth(port: number, handle: Handle): Promise<readonly Server[] | undefined> {
  const servers: Server[] = []
  for (const host of ['127.0.0.1', '::1']) {
    const outcome = await tryToListen(host, port, handle)
    if (outcome === 'taken') {
      await closeAll(servers)
      return undefined
    }
    if (outcome !== 'no such address') servers.push(outcome)
  }
  return servers.length > 0 ? servers : undefined
}

async function tryToListen(host: string, port: number, handle: Handle): Promise<Server | 'taken' | 'no such address'> {
  const server = createServer(handle).listen(port, host)
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    // A machine without IPv6 has no `::1`; then nobody else can listen there, either.
    return ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(errorCode(error) ?? '') ? 'no such address' : 'taken'
  }
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }),
  )
}

const style =
  ':root{color-scheme:light dark}body{font:1.25rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}'
const styleHash = createHash('sha256').update(style).digest('base64')

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  connection: 'close',
}

/** @param outcome words of our own, never of a request */
async function respond(response: ServerResponse, status: number, outcome: string): Promise<void> {
  const page = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>photos</title><style>${style}</style></head><body><h1>photos</h1><p>${outcome}</p></body></html>\n`,
  ].join('')
  if (response.closed) return // the browser has gone
  const ended = new Promise<void>((resolve) => response.once('close', () => resolve()))
  response.writeHead(status, headers).end(page)
  await ended
}
