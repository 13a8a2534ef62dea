import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { LibraryIdentity } from '../../embedded/library.ts'
import { answerChallenge } from '../../embedded/library-proof.ts'
import { bodyOf, listen } from '../cli/remote/scripted-server.ts'

/** A request as it passes by. */
export interface PassingRequest {
  readonly method: string
  /** Without the query, which holds signatures. */
  readonly path: string
  /** Counts from 1 over the requests of the same kind: uploads of bytes, or calls of the API. */
  readonly count: number
  readonly isUpload: boolean
}

/** What becomes of a request; undefined lets it pass. */
export type Fault =
  /** Never reaches the backend. */
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** One bit of the body is another one when it arrives. */
  | { readonly kind: 'wrong-byte' }
  /** Both connections break after so many bytes of the request's body. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** Both connections break after so many bytes of the answer. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  | undefined

export interface FaultProxy {
  readonly url: string
  readonly faults: number
}

/**
 * A wire between the CLI and the backend that fails as it is told. What the backend says of its own address is changed to
 * that of the proxy, and changed back on the way in, so that signatures hold; that it is the library it proves itself.
 */
export async function startFaultProxy(
  backendUrl: string,
  identity: LibraryIdentity,
  decide: (request: PassingRequest) => Fault | Promise<Fault>,
): Promise<FaultProxy> {
  const counts = { upload: 0, call: 0 }
  let faults = 0
  const url: string = await listen((request, response) => {
    if (answerChallenge(identity, url, request, response)) return
    const path = new URL(request.url ?? '/', backendUrl).pathname
    const isUpload = request.method === 'PUT'
    const count = isUpload ? ++counts.upload : ++counts.call
    void Promise.resolve(decide({ method: request.method ?? '', path, count, isUpload })).then((fault) => {
      if (fault) faults += 1
      if (fault?.kind === 'answer') answer(request, response, fault)
      else forward(request, response, fault, { backendUrl, url })
    })
  })
  return {
    url,
    get faults() {
      return faults
    },
  }
}

/** As a gateway under load does it, without reading the body. */
function answer(request: IncomingMessage, response: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>): void {
  response.writeHead(fault.status, { connection: 'close', ...fault.headers })
  response.end('<html>the gateway is not well</html>')
  request.resume()
}

interface Addresses {
  readonly backendUrl: string
  readonly url: string
}

function forward(request: IncomingMessage, response: ServerResponse, fault: Fault, { backendUrl, url }: Addresses): void {
  const target = new URL(request.url ?? '/', backendUrl)
  // What the backend has signed is for its own address; what the CLI signs itself is for the one that it knows.
  const isSignedByCli = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256') ?? false
  const headers = { ...request.headers, ...(isSignedByCli ? {} : { host: target.host }) }
  const breakOff = (): void => {
    request.socket.destroy()
    onward.destroy()
  }
  const onward = httpRequest(target, { method: request.method, headers, agent: false }, (answered) => {
    if (!answered.headers['content-type']?.startsWith('application/json')) {
      response.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(response)
      if (fault?.kind === 'cut-answer') cutAfter(answered, fault.afterBytes, breakOff)
      return
    }
    void bodyOf(answered).then((body) => {
      const { 'content-length': _, ...rest } = answered.headers
      response.writeHead(answered.statusCode ?? 502, rest).end(body.toString().replaceAll(backendUrl, url))
    })
  })
  onward.on('error', breakOff)
  request.on('error', breakOff)
  let passed = 0
  request.on('data', (chunk: Buffer) => {
    const bytes = fault?.kind === 'wrong-byte' && passed === 0 ? withWrongByte(chunk) : chunk
    passed += chunk.length
    if (!onward.write(bytes)) {
      request.pause()
      onward.once('drain', () => request.resume())
    }
    if (fault?.kind === 'reset' && passed >= fault.afterBytes) breakOff()
  })
  request.on('end', () => onward.end())
}

function cutAfter(answered: IncomingMessage, afterBytes: number, breakOff: () => void): void {
  let passed = 0
  answered.on('data', (chunk: Buffer) => {
    passed += chunk.length
    if (passed >= afterBytes) breakOff()
  })
}

function withWrongByte(chunk: Buffer): Buffer {
  const damaged = Buffer.from(chunk)
  const middle = damaged.length >> 1
  damaged[middle] = (damaged[middle] ?? 0) ^ 0x10
  return damaged
}
