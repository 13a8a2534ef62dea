import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { completeClock } from '../system-clock.ts'
import { type AdaptiveConcurrency, createAdaptiveConcurrency } from './adaptive-concurrency.ts'
import { MovingAgent } from './moving-agent.ts'
import { createNotices, type Notices } from './notices.ts'
import { createOutage, type Outage, type OutageOptions } from './outage.ts'
import type { Clock } from './retry.ts'
import { createServerClock, type ServerClock } from './server-clock.ts'
import { createSlotPool, type SlotPool } from './slot-pool.ts'
import { type Bandwidth, createBandwidth } from './throttle.ts'
import { findTlsFailure } from './tls-failure.ts'

/** What every request of a run shares: connections, buffers and the clock. Close it when the run ends. */
export interface Transport {
  readonly httpAgent: MovingAgent
  readonly httpsAgent: HttpsAgent
  readonly slots: SlotPool
  readonly clock: Clock
  /** Hears from every answer; learns what the remote's time is. */
  readonly serverClock: ServerClock
  readonly outage: Outage
  readonly notices: Notices
  /** Of originals and parts of them, in both directions. */
  readonly concurrency: AdaptiveConcurrency
  /** Of the same. */
  readonly bandwidth: Bandwidth
  /** A connection over which nothing moves for so long is broken. */
  readonly inactivityMs: number
  /** So long may a small answer take as a whole, however steadily it trickles in; an original may take for ever. */
  readonly answerWithinMs: number
  close(): void
}

export interface TransportOptions extends OutageOptions {
  readonly clock?: Partial<Clock>
  readonly inactivityMs?: number
  readonly answerWithinMs?: number
}

const slotCount = 8
const slotBytes = 2 * 1024 * 1024
/** What `--transfers` takes. */
const mostTransfers = 64

/** A transport with keep-alive connections; how many of them are open follows from how much is done at once. */
export function createTransport(options: TransportOptions = {}): Transport {
  const httpAgent = new MovingAgent({ keepAlive: true })
  const httpsAgent = new HttpsAgent({ keepAlive: true })
  const clock = completeClock(options.clock)
  const notices = createNotices()
  return {
    httpAgent,
    httpsAgent,
    slots: createSlotPool(slotCount, slotBytes),
    clock,
    serverClock: createServerClock(clock.now, notices.tell),
    outage: createOutage(clock, notices, options),
    notices,
    concurrency: createAdaptiveConcurrency({ ceiling: mostTransfers }),
    bandwidth: createBandwidth(clock),
    inactivityMs: options.inactivityMs ?? 60_000,
    answerWithinMs: options.answerWithinMs ?? 60_000,
    close() {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

export interface HttpRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** What the caller is to write, where it is small and known beforehand. */
  readonly body?: string
}

export interface Exchange {
  readonly request: ClientRequest
  /** Resolves when the head of the answer is there; rejects when the connection breaks before. */
  readonly response: Promise<IncomingMessage>
}

/**
 * Starts a request. What is wrong with TLS ends as a `UserError`: no other attempt mends it. The caller writes the body, ends it, and destroys
 * the request when it gives up.
 */
export function startExchange(transport: Transport, { method, url, headers }: HttpRequest, signal?: AbortSignal): Exchange {
  const secure = url.startsWith('https:')
  const request = (secure ? httpsRequest : httpRequest)(url, {
    method,
    headers,
    agent: secure ? transport.httpsAgent : transport.httpAgent,
    timeout: transport.inactivityMs,
    ...(signal ? { signal } : {}),
  })
  request.on('timeout', () => request.destroy(connectionError('ETIMEDOUT', 'nothing moved over the connection')))
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', (answer) => {
      // A cache's answer tells the time of long ago (RFC 9111, 5.1).
      if (answer.headers.age === undefined) transport.serverClock.learn(answer.headers.date)
      resolve(answer)
    })
    // Stays for the life of the request: an error after the answer's head reaches the one who reads its body.
    request.on('error', (error) => reject(findTlsFailure(error, url) ?? error))
    request.once('close', () => reject(connectionError('ECONNRESET', 'the connection was closed')))
  })
  response.catch(() => {}) // whoever gives up early does not come back for it
  return { request, response }
}

/** Waits for a small answer, and ends the request where it is not whole in time: that is an error of the network. */
export async function answerInTime<T>(transport: Transport, request: ClientRequest, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {
    request.destroy(connectionError('ETIMEDOUT', 'the answer took too long'))
  }, transport.answerWithinMs)
  try {
    return await answer
  } finally {
    clearTimeout(timer)
  }
}

export function connectionError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** An answer is longer than any that was asked for. */
export class AnswerTooLongError extends Error {
  override readonly name = 'AnswerTooLongError'
}

/** The whole body of an answer that is known to be small. Throws an {@link AnswerTooLongError} for one longer than `limitBytes`. */
export async function readBody(response: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > limitBytes) throw new AnswerTooLongError(`it is longer than ${limitBytes} bytes`)
    chunks.push(bytes)
  }
  if (!response.complete) throw connectionError('ECONNRESET', 'the connection broke in the middle of an answer')
  return Buffer.concat(chunks, length)
}
