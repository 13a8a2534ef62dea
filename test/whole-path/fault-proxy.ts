import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { Duplex, PassThrough, Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { LibraryIdentity } from '../../embedded/library.ts'
import { answerChallenge } from '../../embedded/library-proof.ts'
import { UnderWay } from '../../embedded/under-way.ts'
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
  /** Never reaches the backend. The answer bears the mark of S3's unless it is `inPlace` of it, as that of a proxy or a hotel. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly inPlace?: true
    }
  /** One bit of the body is another one when it arrives. */
  | { readonly kind: 'wrong-byte' }
  /** Both connections break after so many bytes of the request's body; with 0, nothing of the request reaches the backend. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** The backend hears and answers; both connections break when its answer comes. */
  | { readonly kind: 'lost-answer' }
  /** Both connections break after so many bytes of the answer. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** One bit of the answer's body is another one when it arrives. */
  | { readonly kind: 'wrong-answer-byte' }
  /** Nothing moves any more: before anything of the request has been read, or when the answer should come. */
  | { readonly kind: 'stall'; readonly before: 'request' | 'answer' }
  /** Bytes of request and answer pass at this pace. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** The addresses in the answer have a name that no resolver knows, as when DNS is gone. */
  | { readonly kind: 'unknown-name' }
  | undefined

export interface FaultProxy {
  readonly url: string
  readonly faults: number
  /** Resolves when nothing is passed on any more of the requests that have come in by now, also where the client has gone. */
  settled(): Promise<void>
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
  const underWay = new UnderWay()
  let faults = 0
  const url: string = await listen((request, response) => {
    if (answerChallenge(identity, url, request, response)) return
    const path = new URL(request.url ?? '/', backendUrl).pathname
    const isUpload = request.method === 'PUT'
    const count = isUpload ? ++counts.upload : ++counts.call
    const passed = Promise.resolve(decide({ method: request.method ?? '', path, count, isUpload })).then(async (fault) => {
      if (fault) faults += 1
      if (fault?.kind === 'answer') answer(request, response, fault)
      else if (fault?.kind === 'reset' && fault.afterBytes === 0) request.socket.destroy()
      else if (fault?.kind === 'stall' && fault.before === 'request') request.pause()
      else await forward(request, response, fault, { backendUrl, url })
    })
    void underWay.follow(passed)
  })
  return {
    url,
    get faults() {
      return faults
    },
    settled: () => underWay.settled(),
  }
}

/** As a gateway under load does it, without reading the body. */
function answer(request: IncomingMessage, response: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>): void {
  if (fault.inPlace) response.removeHeader('x-amz-request-id')
  response.writeHead(fault.status, { connection: 'close', ...fault.headers })
  response.end(fault.body ?? '<html>the gateway is not well</html>')
  request.resume()
}

/** RFC 6761, 6.4: no resolver has it. None is asked either, since no label is that long (RFC 1035, 2.3.4): a real one may take its time. */
const unknownName = `http://${'x'.repeat(64)}.invalid`

interface Addresses {
  readonly backendUrl: string
  readonly url: string
}

/** Resolves when the connection to the backend has ended. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault,
  { backendUrl, url }: Addresses,
): Promise<void> {
  const target = new URL(request.url ?? '/', backendUrl)
  // What the backend has signed is for its own address; what the CLI signs itself is for the one that it knows.
  const isSignedByCli = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256') ?? false
  const headers = { ...request.headers, ...(isSignedByCli ? {} : { host: target.host }) }
  const { socket } = request // a request that has ended badly has none any more
  const breakOff = (): void => {
    socket.destroy()
    onward.destroy()
  }
  const onward = httpRequest(target, { method: request.method, headers, agent: false }, (answered) => {
    if (fault?.kind === 'stall') return
    if (fault?.kind === 'lost-answer') return breakOff()
    void readAnswer(answered, (text) => text.replaceAll(backendUrl, fault?.kind === 'unknown-name' ? unknownName : url)).then(
      ({ head, body }) => {
        response.writeHead(answered.statusCode ?? 502, head)
        pipeline(body, answerDamage(fault, breakOff), response).catch(breakOff)
      },
      breakOff,
    )
  })
  onward.on('error', breakOff)
  const ended = new Promise<void>((resolve) => onward.once('close', resolve))
  pipeline(request, requestDamage(fault, breakOff), onward).catch(breakOff)
  await ended
}

/** An answer of the API is changed, and so read as a whole; bytes of originals pass as they come. */
async function readAnswer(answered: IncomingMessage, change: (text: string) => string) {
  if (!answered.headers['content-type']?.startsWith('application/json')) return { head: answered.headers, body: answered }
  const { 'content-length': _, 'transfer-encoding': __, ...head } = answered.headers
  const body = Buffer.from(change((await bodyOf(answered)).toString()))
  return { head: { ...head, 'content-length': String(body.length) }, body: Readable.from([body]) }
}

function requestDamage(fault: Fault, breakOff: () => void): Duplex {
  if (fault?.kind === 'wrong-byte') return withWrongByte()
  if (fault?.kind === 'reset') return breakingAfter(fault.afterBytes, breakOff)
  return fault?.kind === 'slow' ? slow(fault.bytesPerSecond) : new PassThrough()
}

function answerDamage(fault: Fault, breakOff: () => void): Duplex {
  if (fault?.kind === 'wrong-answer-byte') return withWrongByte()
  if (fault?.kind === 'cut-answer') return breakingAfter(fault.afterBytes, breakOff)
  return fault?.kind === 'slow' ? slow(fault.bytesPerSecond) : new PassThrough()
}

/** Passes so many bytes, and then breaks the connections. */
function breakingAfter(bytes: number, breakOff: () => void): Transform {
  let left = bytes
  return new Transform({
    transform(chunk: Buffer, _encoding, passed) {
      const rest = chunk.subarray(0, left)
      left -= chunk.length
      if (left > 0) return passed(null, chunk)
      this.push(rest)
      // What was pushed is to go out first.
      setImmediate(breakOff)
    },
  })
}

function withWrongByte(): Transform {
  let isDone = false
  return new Transform({
    transform(chunk: Buffer, _encoding, passed) {
      const damaged = Buffer.from(chunk)
      const middle = damaged.length >> 1
      if (!isDone) damaged[middle] = (damaged[middle] ?? 0) ^ 0x10
      isDone = true
      passed(null, damaged)
    },
  })
}

/** A line is as slow as it is by the clock on the wall: a few bytes pass, twenty times a second. */
function slow(bytesPerSecond: number): Duplex {
  const step = Math.ceil(bytesPerSecond / 20)
  return Duplex.from(async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += step) {
        await wait(50)
        yield chunk.subarray(start, start + step)
      }
    }
  })
}
