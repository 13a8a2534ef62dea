import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { LibraryIdentity } from '../../embedded/library.ts'
import { answerChallenge } from '../../embedded/library-proof.ts'
import { bodyOf, listen } from '../cli/remote/scripted-server.ts'

export interface WatchedRequest {
  readonly method: string
  readonly path: string
  /** Of an upload in parts. */
  readonly partNumber: number | undefined
}

/** What a test does with what passes by. Where one of them answers `drop`, nothing goes on from there. */
export interface Watching {
  /** All of it has arrived here, and nothing at the backend. */
  before(request: WatchedRequest): Promise<'pass' | 'drop'>
  /** The backend has answered, and the client has heard nothing. */
  answered(request: WatchedRequest, status: number): Promise<'pass' | 'drop'>
  /** Bytes of a request's body have arrived here, which the client thus has sent. */
  received(request: WatchedRequest, bytes: number): void
}

export interface WatchedWire {
  readonly url: string
  /** Waits until nothing is under way on it any more. */
  idle(): Promise<void>
}

/** A wire between the CLI and a library that passes whole requests and whole answers only, one after the other or not at all. */
export async function startWatchedWire(backendUrl: string, identity: LibraryIdentity, watching: Watching): Promise<WatchedWire> {
  const underWay = new Set<Promise<void>>()
  const url: string = await listen((request, response) => {
    if (answerChallenge(identity, url, request, response)) return
    const passing = pass(request, response, { backendUrl, url, watching })
      .catch(() => void request.socket.destroy()) // whoever is gone hears nothing
      .finally(() => underWay.delete(passing))
    underWay.add(passing)
  })
  const idle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay)
  }
  return { url, idle }
}

interface Ends {
  readonly backendUrl: string
  readonly url: string
  readonly watching: Watching
}

async function pass(request: IncomingMessage, response: ServerResponse, { backendUrl, url, watching }: Ends): Promise<void> {
  const target = new URL(request.url ?? '/', backendUrl)
  const partNumber = Number(target.searchParams.get('partNumber') ?? Number.NaN)
  const watched = {
    method: request.method ?? '',
    path: target.pathname,
    partNumber: Number.isNaN(partNumber) ? undefined : partNumber,
  }
  request.on('data', (chunk: Buffer) => watching.received(watched, chunk.length))
  const body = await bodyOf(request)
  if ((await watching.before(watched)) === 'drop') return void request.socket.destroy()
  const answer = await ask(target, request, body)
  if ((await watching.answered(watched, answer.status)) === 'drop') return void request.socket.destroy()
  const { 'content-length': _, ...headers } = answer.headers
  const isJson = answer.headers['content-type']?.startsWith('application/json')
  response.writeHead(answer.status, headers)
  response.end(isJson ? answer.body.toString().replaceAll(backendUrl, url) : answer.body)
}

/** Nothing is signed by the CLI itself here: what the backend has signed is for its own address. */
async function ask(target: URL, { method, headers }: IncomingMessage, body: Buffer) {
  return await new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const onward = httpRequest(target, { method, headers: { ...headers, host: target.host }, agent: false }, (answered) => {
      bodyOf(answered).then(
        (text) => resolve({ status: answered.statusCode ?? 502, headers: answered.headers, body: text }),
        reject,
      )
    })
    onward.on('error', reject)
    Readable.from(body.length > 0 ? [body] : []).pipe(onward)
  })
}
