import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { createTransport, type Transport, type TransportOptions } from '../../../cli/remote/transport.ts'
import type { SignedRequest } from '../../../contract/transfers.ts'

/**
 * A real server on loopback that does what a test says; closed when the test has finished. Its answers bear the mark of S3's
 * unless the test takes it away with {@link answerInPlace}.
 */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('x-amz-request-id', 'in-test')
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${z.object({ port: z.int() }).parse(server.address()).port}`
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** S3's way to say no. */
export function refuse(response: ServerResponse, status: number, code: string, message = 'as scripted'): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`)
}

/** A page that a proxy, or the network of a hotel, answers in the place of S3. */
export function answerInPlace(response: ServerResponse, status: number, sizeBytes = 1000): void {
  response.removeHeader('x-amz-request-id')
  response.writeHead(status, { 'content-type': 'text/html' })
  response.end('x'.repeat(sizeBytes))
}

export interface TestTransport {
  readonly transport: Transport
  /** The pauses asked for; none of them is waited for. */
  readonly pausesMs: readonly number[]
}

/** With the pauses of {@link transportInTest}: 8, which take half a minute, then every 30 s until 15 minutes are over. */
export const attemptsOfAnOutage = 37

/** A transport that endures outages and yet never waits, although time passes as if it had: `random` is always 1, less a little. */
export function transportInTest(options: TransportOptions = {}): TestTransport {
  const pausesMs: number[] = []
  let elapsedMs = 0
  const delay = async (milliseconds: number): Promise<void> => {
    pausesMs.push(milliseconds)
    elapsedMs += milliseconds
  }
  const clock = { now: () => 0, elapsed: () => elapsedMs, random: () => 1, delay, ...options.clock }
  const transport = createTransport({ ...options, clock })
  transport.outage.endure()
  onTestFinished(() => transport.close())
  return { transport, pausesMs }
}

export function signed(method: 'GET' | 'PUT', url: string, headers: Record<string, string> = {}): SignedRequest {
  return { method, url, headers, expiresAt: '2030-01-01T00:00:00.000Z' }
}
