import { createHash, randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { connect, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { putBytes } from '../../cli/remote/put.ts'
import { contentHashOf } from '../../contract/content-hash.ts'
import { type FrontRoutes, type HttpFront, listenHttp } from '../../embedded/http-front.ts'
import { collect } from '../collect.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { canMakeCertificates, makeCertificate } from './certificate-in-test.ts'
import { openLibraryInTest } from './library-in-test.ts'
import { ask } from './request.ts'

/** In which everything happens that only needs its turn. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await setImmediate()
}

async function frontWith(api: FrontRoutes['api']): Promise<HttpFront> {
  const front = await listenHttp({ host: '127.0.0.1', port: 0 })
  front.answerWith({ buckets: [], now: () => new Date(), s3: async () => {}, api })
  return front
}

/** Sends a request, and gives a function that hangs up. */
function send(url: string, request: string): () => void {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname }).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  socket.write(request)
  return () => void socket.destroy()
}

const startedSchema = z.object({ request: z.instanceof(IncomingMessage) })

/** Resolves when a server of this process has read all of a request for this path: what is not read yet ends with its client. */
function whenRead(path: string): Promise<void> {
  return new Promise((resolve) => {
    const onRequest = (started: unknown): void => {
      const { request } = startedSchema.parse(started)
      if (request.url !== path) return
      unsubscribe('http.server.request.start', onRequest)
      request.once('end', () => resolve())
    }
    subscribe('http.server.request.start', onRequest)
  })
}

const acceptedSchema = z.object({ socket: z.instanceof(Socket) })

/** Resolves when this server has a connection: what it has not accepted yet is no hindrance to it. */
function whenAccepted({ port }: HttpFront): Promise<void> {
  return new Promise((resolve) => {
    const onSocket = (accepted: unknown): void => {
      if (acceptedSchema.parse(accepted).socket.localPort !== port) return
      unsubscribe('net.server.socket', onSocket)
      resolve()
    }
    subscribe('net.server.socket', onSocket)
  })
}

test.each(['close', 'settled'] as const)('%s() waits for what was asked by a client that has gone', async (wait) => {
  const happened: string[] = []
  const requests = new EventEmitter()
  const front = await frontWith(async (_, response) => {
    requests.emit('begun')
    await once(response, 'close')
    await manyTurns()
    happened.push('answered')
  })
  if (wait === 'settled') onTestFinished(() => front.close())
  const begun = once(requests, 'begun')
  const hangUp = send(front.url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await begun
  hangUp()
  await front[wait]()
  happened.push(wait)
  expect(happened).toEqual(['answered', wait])
})

test('settled() does not wait for what comes later, so that it ends although there always is something', async () => {
  const requests = new EventEmitter()
  const front = await frontWith(async ({ url }, response) => {
    requests.emit(`begun ${url}`)
    await once(requests, `end ${url}`)
    response.end()
  })
  onTestFinished(() => front.close())
  const begin = async (path: string): Promise<void> => {
    const begun = once(requests, `begun ${path}`)
    send(front.url, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await begun
  }
  await begin('/first')
  const settled = front.settled()
  await begin('/second')
  requests.emit('end /first')
  await settled
  requests.emit('end /second')
})

describe.skipIf(!canMakeCertificates)('close() of a listener with TLS is not held up', () => {
  async function secureFront(api: FrontRoutes['api']) {
    const tls = makeCertificate(await temporaryFolder(), 'IP:127.0.0.1')
    const limits = { headersMs: 3_600_000, requestMs: 3_600_000, connections: 5, connectionsPerNetwork: 5 }
    const front = await listenHttp({ host: '127.0.0.1', port: 0, tls }, limits)
    front.answerWith({ buckets: [], now: () => new Date(), s3: async () => {}, api })
    return { front, ca: tls.cert }
  }

  test('by who connects and does not even begin the handshake', async () => {
    const { front } = await secureFront(async () => {})
    const accepted = whenAccepted(front)
    send(front.url, '')
    await accepted
    await front.close(0)
  })

  test('by what is never answered', async () => {
    const requests = new EventEmitter()
    const { front, ca } = await secureFront(async () => {
      requests.emit('begun')
      await new Promise(() => {})
    })
    const begun = once(requests, 'begun')
    const cutOff = expect(ask(front.url, { ca })).rejects.toMatchObject({ code: 'ECONNRESET' })
    await begun
    await front.close(0)
    await cutOff
  })
})

test('a library that is closed has done before what a client had asked that is gone', async () => {
  const folder = await temporaryFolder()
  const { backend, remote, transport, ...library } = await openLibraryInTest(folder)
  const bytes = randomBytes(100)
  const contentHash = contentHashOf(createHash('sha256').update(bytes).digest())
  const [begun] = await remote.beginUploads([{ contentHash, sizeBytes: bytes.length, contentType: 'video/mp4' }])
  if (begun?.kind !== 'put') throw new Error(`expected a put, got ${begun?.kind}`)
  await putBytes(begun.request, bytes, { transport, onMoved: () => {} })
  await backend.whenIdle()

  const location = { device: 'laptop', path: 'MVI_1.MP4', modificationTime: '2021-06-01T10:00:00.123456789Z' }
  const body = JSON.stringify({ photos: [{ contentHash, locations: [location] }] })
  const head = `Host: x\r\nAuthorization: Bearer ${await backend.accessToken()}\r\nContent-Length: ${Buffer.byteLength(body)}`
  const read = whenRead('/v1/photos/confirm')
  const hangUp = send(backend.url, `POST /v1/photos/confirm HTTP/1.1\r\n${head}\r\n\r\n${body}`)
  await read
  hangUp()
  await library.close()

  expect(library.logged).toEqual([])
  const reopened = await openLibraryInTest(folder)
  expect(await collect(reopened.remote.listPhotos({}))).toMatchObject([{ photo: { contentHash } }, { location }])
})
