import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type FrontLimits, type HttpFront, listenHttp } from '../../../embedded/http-front.ts'
import { ask } from './http-answer.ts'
import { sendRaw, statusOf } from './raw-request.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

describe('a body', () => {
  let served: ServedAccounts
  beforeAll(async () => {
    served = await serveAccounts()
  })
  afterAll(() => served.close())

  const post = (path: string, headers: string, body = '') =>
    sendRaw(served.url, `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`)

  test.each(['/oauth/token', '/oauth/device_authorization', '/device', '/device/decision'])(
    'that a stranger announces for %s as larger than a form is refused before it is sent',
    async (path) => {
      const { port, hostname } = new URL(served.url)
      const socket = connect({ port: Number(port), host: hostname })
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n`)
      const [answered]: Buffer[] = await once(socket, 'data')
      socket.destroy()
      expect(statusOf(String(answered))).toBe(413)
    },
  )

  test('that grows larger than a form is refused, and not kept', async () => {
    const chunk = `8000\r\n${'a'.repeat(0x80_00)}\r\n`
    const chunked = 'Transfer-Encoding: chunked\r\nConnection: close\r\n'
    expect(statusOf(await post('/oauth/token', chunked, `${chunk.repeat(3)}0\r\n\r\n`))).toBe(413)
    expect(statusOf(await post('/oauth/token', chunked, `${chunk.repeat(2)}0\r\n\r\n`))).toBe(400)
  })

  test('that waits to be asked for is asked for', async () => {
    const { port, hostname } = new URL(served.url)
    const socket = connect({ port: Number(port), host: hostname }).setEncoding('utf8')
    onTestFinished(() => void socket.destroy())
    const length = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8'
    socket.write(`POST /oauth/token HTTP/1.1\r\nHost: x\r\n${length}\r\nExpect: 100-continue\r\n\r\n`)
    const [goOn]: string[] = await once(socket, 'data')
    socket.write('a=b&c=d&')
    const [answered]: string[] = await once(socket, 'data')
    expect([goOn, statusOf(answered ?? '')]).toEqual(['HTTP/1.1 100 Continue\r\n\r\n', 400])
  })

  test('of a megabyte is taken from an owner, whose token was looked at first', async () => {
    const body = JSON.stringify({ originals: [], padding: 'a'.repeat(2 ** 20) })
    const signedIn = { authorization: `Bearer ${await served.backend.accessToken()}` }
    const answer = await ask(`${served.url}/v1/uploads`, { method: 'POST', headers: signedIn, body })
    expect(answer.status).not.toBe(413)
    expect(statusOf(await post('/v1/uploads', 'Content-Length: 1048576\r\nConnection: close\r\n'))).toBe(401)
  })
})

describe('a connection', () => {
  const few: FrontLimits = { headersMs: 100, requestMs: 100, connections: 5, connectionsPerNetwork: 3 }

  async function listen(limits: Partial<FrontLimits>): Promise<HttpFront> {
    const front = await listenHttp({ host: '127.0.0.1', port: 0 }, { ...few, ...limits })
    onTestFinished(() => front.close())
    front.answerWith({
      buckets: ['bucket'],
      now: () => new Date(),
      s3: async (request, response) => void response.end(await text(request)),
      api: async (request, response) => void response.end(await text(request)),
    })
    return front
  }

  function connectTo({ port }: HttpFront, from = '127.0.0.1'): Socket {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from }).on('error', () => {})
    onTestFinished(() => void socket.destroy())
    return socket
  }

  test.each(['', 'GET /device HTTP/1.1\r\nHost: x\r\n'])(
    'over which no request comes to its headers’ end is closed: %j',
    async (begun) => {
      const front = await listen({ requestMs: 60_000 })
      const socket = connectTo(front).resume()
      socket.write(begun)
      await once(socket, 'close')
    },
  )

  test('over which a request is sent too slowly is closed, but for photos', async () => {
    const front = await listen({ headersMs: 60_000 })
    const [slow, photo] = [connectTo(front), connectTo(front)]
    photo.write('PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234')
    slow.resume().write('POST /device HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234')
    await once(slow, 'close')
    photo.write('56789')
    const [answered]: Buffer[] = await once(photo, 'data')
    expect(String(answered)).toMatch(/^HTTP\/1\.1 200 .*0123456789$/s)
  })

  test('more than one address has any use for is closed at once, and nobody else’s', async () => {
    const front = await listen({ headersMs: 60_000, requestMs: 60_000 })
    const isAnswered = async (socket: Socket) => {
      socket.write('GET /device HTTP/1.1\r\nHost: x\r\n\r\n')
      // Where the server has closed before it read, that is an error of the connection.
      return await Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]).catch(
        () => false,
      )
    }
    const first = connectTo(front)
    expect([await isAnswered(first), await isAnswered(connectTo(front)), await isAnswered(connectTo(front))]).toEqual([
      true,
      true,
      true,
    ])
    expect(await isAnswered(connectTo(front))).toBe(false)
    const others = [connectTo(front, '127.0.0.2'), connectTo(front, '127.0.0.3')]
    expect(await Promise.all(others.map(isAnswered))).toEqual([true, true])
    expect(await isAnswered(connectTo(front, '127.0.0.4'))).toBe(false)
  })

  test('that is closed makes room for another', async () => {
    const front = await listen({ headersMs: 60_000, requestMs: 60_000, connectionsPerNetwork: 1 })
    for (let count = 0; count < 3; count += 1) {
      const answered = await sendRaw(front.url, 'GET /device HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      expect(statusOf(answered)).toBe(200)
    }
  })
})
