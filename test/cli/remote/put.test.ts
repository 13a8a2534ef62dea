import { randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ByteRange, type PutResult, putBytes, putRange } from '../../../cli/remote/put.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import {
  answerInPlace,
  attemptsOfAnOutage,
  bodyOf,
  listen,
  refuse,
  signed,
  type TestTransport,
  transportInTest,
} from './scripted-server.ts'

interface Sent {
  readonly result: Promise<PutResult>
  readonly moved: number[]
  readonly bytes: Buffer
  readonly pausesMs: TestTransport['pausesMs']
}

const large = 10 * 1024 * 1024 + 17

/** Sends a file, or a range of it, to a server that does as scripted. */
async function send(listener: RequestListener, sizeBytes: number, range?: ByteRange, inactivityMs?: number): Promise<Sent> {
  const bytes = randomBytes(sizeBytes)
  const path = join(await temporaryFolder(), 'IMG_0001.JPG')
  await writeFile(path, bytes)
  const file = await open(path)
  onTestFinished(() => file.close())
  const url = `${await listen(listener)}/photos-uploads/key?X-Amz-Signature=secret`
  const { transport, pausesMs } = transportInTest(inactivityMs === undefined ? {} : { inactivityMs })
  const moved: number[] = []
  const onMoved = (count: number): void => void moved.push(count)
  const request = signed('PUT', url, { 'x-amz-checksum-sha256': 'abc=', 'Content-Type': 'image/jpeg' })
  const result = putRange(request, file, range ?? { offset: 0, sizeBytes }, { transport, onMoved })
  result.catch(() => {})
  return { result, moved, bytes, pausesMs }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

test.each([0, 1, 4 * 1024 * 1024, large])(
  'sends a file of %i bytes with its length and the signed headers',
  async (sizeBytes) => {
    const received: { body: Buffer; request: IncomingMessage }[] = []
    const { result, bytes, moved } = await send(async (request, response) => {
      received.push({ body: await bodyOf(request), request })
      response.end()
    }, sizeBytes)
    expect(await result).toEqual({ kind: 'sent' })
    const [only] = received
    expect(only?.body.equals(bytes)).toBe(true)
    expect(only?.request.url).toBe('/photos-uploads/key?X-Amz-Signature=secret')
    expect(only?.request.headers).toEqual({
      host: expect.any(String),
      connection: 'keep-alive',
      'content-length': String(sizeBytes),
      'x-amz-checksum-sha256': 'abc=',
      'content-type': 'image/jpeg',
    })
    expect(sum(moved)).toBe(sizeBytes)
  },
)

test('sends a range', async () => {
  const bodies: Buffer[] = []
  const range = { offset: 1000, sizeBytes: 5 * 1024 * 1024 }
  const { result, bytes } = await send(
    async (request, response) => {
      bodies.push(await bodyOf(request))
      response.end()
    },
    large,
    range,
  )
  expect(await result).toEqual({ kind: 'sent' })
  expect(bodies[0]?.equals(bytes.subarray(1000, 1000 + range.sizeBytes))).toBe(true)
})

test('sends again after 503, a reset and a closed connection, from the beginning', async () => {
  let requests = 0
  const { result, moved, pausesMs } = await send(async (request, response) => {
    requests += 1
    if (requests === 1) {
      await bodyOf(request)
      response.setHeader('retry-after', '9')
      return refuse(response, 503, 'SlowDown')
    }
    if (requests === 2) return request.socket.resetAndDestroy()
    if (requests === 3) return void request.once('data', () => request.socket.destroy())
    expect((await bodyOf(request)).length).toBe(large)
    response.end()
  }, large)
  expect(await result).toEqual({ kind: 'sent' })
  expect(requests).toBe(4)
  expect(pausesMs).toEqual([9000, 500, 1000])
  expect(sum(moved)).toBe(large)
})

test("a date as Retry-After is one of the storage's clock, however wrong this machine's is", async () => {
  let requests = 0
  const { result, pausesMs } = await send(async (request, response) => {
    await bodyOf(request)
    if (++requests > 1) return void response.end()
    // This machine believes that it is 1970.
    response.setHeader('date', 'Sun, 01 Feb 2026 10:00:00 GMT').setHeader('retry-after', 'Sun, 01 Feb 2026 10:00:07 GMT')
    refuse(response, 503, 'SlowDown')
  }, 10)
  expect(await result).toEqual({ kind: 'sent' })
  expect(pausesMs).toEqual([7000])
})

test('hears an answer that comes before the body is read', async () => {
  const { result } = await send((_request, response) => refuse(response, 403, 'AccessDenied', 'Request has expired'), large)
  await expect(result).rejects.toMatchObject({ name: 'TransferError', kind: 'expired' })
})

test("a network disk's error is the file's failure, and not taken for the network to the storage", async () => {
  let requests = 0
  const url = await listen(async (request, response) => {
    requests += 1
    await bodyOf(request).catch(() => {})
    response.end()
  })
  const gone = { read: () => Promise.reject(Object.assign(new Error('the share is gone'), { code: 'ETIMEDOUT' })) }
  const { transport, pausesMs } = transportInTest()
  const result = putRange(signed('PUT', url), gone, { offset: 0, sizeBytes: 100 }, { transport })
  await expect(result).rejects.toMatchObject({ code: 'ETIMEDOUT', message: 'the share is gone' })
  expect([requests <= 1, pausesMs]).toEqual([true, []])
})

test('412 means that it is there already; nothing has moved', async () => {
  const { result, moved } = await send(async (request, response) => {
    await bodyOf(request)
    refuse(response, 412, 'PreconditionFailed')
  }, 100)
  expect(await result).toEqual({ kind: 'already-there' })
  expect(sum(moved)).toBe(0)
})

test.each([
  [400, 'BadDigest', 'bytes-differ', 2],
  [403, 'SignatureDoesNotMatch', 'failed', 1],
  [403, 'ExpiredToken', 'expired', 1],
  [400, 'RequestTimeout', 'failed', attemptsOfAnOutage],
  [507, 'InsufficientStorage', 'failed', 1],
  [501, 'NotImplemented', 'failed', 1],
  [500, 'InternalError', 'failed', attemptsOfAnOutage],
])('%i %s ends as %s after %i attempts, and the message keeps the URL to itself', async (status, code, kind, attempts) => {
  let requests = 0
  const { result, moved } = await send(async (request, response) => {
    requests += 1
    await bodyOf(request)
    refuse(response, status, code)
  }, 100)
  const error = await result.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ name: 'TransferError', kind })
  expect(String(error)).not.toMatch(/secret|127\.0\.0\.1|http/)
  expect(requests).toBe(attempts)
  expect(sum(moved)).toBe(0)
})

test('a wrong byte on the wire is sent again', async () => {
  let requests = 0
  const { result } = await send(async (request, response) => {
    requests += 1
    await bodyOf(request)
    if (requests === 1) refuse(response, 400, 'BadDigest')
    else response.end()
  }, 100)
  expect(await result).toEqual({ kind: 'sent' })
})

test('a file that became shorter does not hang', async () => {
  const { result } = await send((request) => void request.resume(), 1000, { offset: 0, sizeBytes: 2000 })
  await expect(result).rejects.toMatchObject({ kind: 'bytes-differ' })
})

test('a server that falls silent is given up', async () => {
  const { result } = await send(() => {}, large, undefined, 30)
  await expect(result).rejects.toMatchObject({ name: 'UserError', exitCode: 5, message: expect.stringContaining('storage') })
})

test('an abort ends a transfer, and its buffer can be used again', async () => {
  const url = await listen(() => {})
  const { transport } = transportInTest()
  const stop = new AbortController()
  const source = { read: async (_buffer: Buffer, _offset: number, length: number) => ({ bytesRead: length }) }
  const stuck = Array.from({ length: 9 }, () =>
    putRange(signed('PUT', url), source, { offset: 0, sizeBytes: 2 ** 30 }, { transport, signal: stop.signal }),
  )
  stop.abort(new Error('stopped by SIGINT'))
  expect((await Promise.allSettled(stuck)).map(({ status }) => status)).toEqual(stuck.map(() => 'rejected'))
  const free = await Promise.all(Array.from({ length: 8 }, () => transport.slots.take()))
  expect(new Set(free).size).toBe(8)
})

test('sends bytes from memory', async () => {
  const bodies: string[] = []
  const url = await listen(async (request, response) => {
    bodies.push((await bodyOf(request)).toString())
    response.end()
  })
  const { transport } = transportInTest()
  expect(await putBytes(signed('PUT', url), Buffer.from('a photo'), { transport })).toEqual({ kind: 'sent' })
  expect(bodies).toEqual(['a photo'])
})

test.each([200, 403, 404, 412])(
  'a page with %i in place of an answer to an upload is its failure, and nothing has moved',
  async (status) => {
    const { result, moved } = await send(async (request, response) => {
      await bodyOf(request)
      answerInPlace(response, status, 200_000)
    }, 100)
    await expect(result).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining('not the storage answers') })
    expect(sum(moved)).toBe(0)
  },
)

test('a storage that does not speak TLS where it should ends the run with words', async () => {
  const url = (await listen(() => {})).replace('http:', 'https:')
  const { transport, pausesMs } = transportInTest()
  const sending = putBytes(signed('PUT', `${url}/key`), Buffer.from('bytes'), { transport })
  await expect(sending).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 5,
    message: `${new URL(url).host} does not speak https`,
  })
  expect(pausesMs).toEqual([])
})
