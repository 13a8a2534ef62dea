import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What passed by, from the request to the whole answer. */
export interface Exchange {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly requestHeaders: IncomingMessage['headers']
  readonly requestBody: string
  readonly status: number
  readonly answerHeaders: IncomingMessage['headers']
  readonly answerBody: string
}

/** What becomes of an answer that is all there: `lost` breaks the connection in its place. */
export type Fate = 'delivered' | 'lost'

export interface RecordingProxy {
  readonly url: string
  readonly exchanges: readonly Exchange[]
  /** Where requests go from now on. */
  forwardTo(backendUrl: string): void
  /** Asked with each answer, before it is delivered. */
  decideWith(decide: (exchange: Exchange) => Fate | Promise<Fate>): void
  close(): Promise<void>
}

/**
 * Stands before a backend whose public address it is, and sees everything: for knowing secrets that must be nowhere else, and
 * for holding an answer back. Nothing is changed on the way.
 */
export async function startRecordingProxy(): Promise<RecordingProxy> {
  const exchanges: Exchange[] = []
  let backendUrl = ''
  let decide: (exchange: Exchange) => Fate | Promise<Fate> = () => 'delivered'

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestBody = await readAll(request)
    const answered = await forward(request, requestBody, backendUrl)
    const answerBody = await readAll(answered)
    const exchange: Exchange = {
      method: request.method ?? '',
      path: request.url ?? '',
      requestHeaders: request.headers,
      requestBody: requestBody.toString(),
      status: answered.statusCode ?? 0,
      answerHeaders: answered.headers,
      answerBody: answerBody.toString(),
    }
    exchanges.push(exchange)
    if ((await decide(exchange)) === 'lost') {
      request.socket.destroy()
      return
    }
    response.writeHead(exchange.status, answered.rawHeaders)
    response.end(answerBody)
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    exchanges,
    forwardTo(url) {
      backendUrl = url
    },
    decideWith(newDecide) {
      decide = newDecide
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port')
  return address.port
}

async function forward(request: IncomingMessage, body: Buffer, backendUrl: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(backendUrl)
  const { 'transfer-encoding': _chunked, expect: _expect, ...headers } = request.headers
  const onward = httpRequest({ hostname, port, path: request.url, method: request.method, headers, agent: false })
  return await new Promise((resolve, reject) => {
    onward.on('response', resolve)
    onward.on('error', reject)
    onward.end(body)
  })
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks)
}
