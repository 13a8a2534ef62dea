import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { UserError } from '../../../cli/errors.ts'
import { createApiClient } from '../../../cli/remote/api-client.ts'
import { getToFile } from '../../../cli/remote/get.ts'
import { putBytes, putRange } from '../../../cli/remote/put.ts'
import { createServerClock } from '../../../cli/remote/server-clock.ts'
import type { Session } from '../../../cli/session/session.ts'
import { UserPoolUnreachableError } from '../../../cli/session/user-pool.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { canMakeCertificates, makeCertificate } from '../../embedded/certificate-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bodyOf, listen, refuse, signed, transportInTest } from './scripted-server.ts'

const passing = [429, 500, 502, 503, 504]

test.each(passing)('the API is asked again after %i, when Retry-After says', async (status) => {
  let requests = 0
  const url = await listen((_request, response) => {
    requests += 1
    if (requests === 1) response.setHeader('retry-after', '7')
    response.writeHead(requests < 3 ? status : 200, { 'content-type': 'application/json' }).end('"here"')
  })
  const { transport, pausesMs } = transportInTest()
  const client = createApiClient({ url, transport })
  expect(await client({ path: 'v1/usage', answer: z.string() })).toBe('here')
  expect(pausesMs).toEqual([7000, 500])
})

test("a date as Retry-After of the API is one of the remote's clock", async () => {
  let requests = 0
  const url = await listen((_request, response) => {
    // This machine believes that it is 1970.
    response.setHeader('date', 'Sun, 01 Feb 2026 10:00:00 GMT').setHeader('retry-after', 'Sun, 01 Feb 2026 10:00:07 GMT')
    response.writeHead(++requests === 1 ? 503 : 200, { 'content-type': 'application/json' }).end('"here"')
  })
  const { transport, pausesMs } = transportInTest()
  expect(await createApiClient({ url, transport })({ path: 'v1/usage', answer: z.string() })).toBe('here')
  expect(pausesMs).toEqual([7000])
})

test.each(passing)('the storage is asked again after %i, when Retry-After says', async (status) => {
  let requests = 0
  const url = await listen(async (request, response) => {
    requests += 1
    await bodyOf(request)
    if (requests === 1) response.setHeader('retry-after', '7')
    if (requests < 3) refuse(response, status, 'SlowDown')
    else response.end()
  })
  const { transport, pausesMs } = transportInTest()
  expect(await putBytes(signed('PUT', url), Buffer.from('bytes'), { transport })).toEqual({ kind: 'sent' })
  expect(pausesMs).toEqual([7000, 500])
})

test('a request that has expired by the remote’s clock is not sent', async () => {
  let requests = 0
  const url = await listen((_request, response) => {
    requests += 1
    response.setHeader('date', 'Sun, 01 Feb 2026 10:00:00 GMT').end('"here"')
  })
  const { transport } = transportInTest({ clock: { now: () => Date.parse('2026-02-01T08:00:00Z') } })
  await createApiClient({ url, transport })({ path: 'v1/usage', answer: z.string() })
  const send = (expiresAt: string) => putBytes({ ...signed('PUT', url), expiresAt }, Buffer.from('bytes'), { transport })
  await expect(send('2026-02-01T10:00:59Z')).rejects.toMatchObject({ name: 'TransferError', kind: 'expired' })
  expect(requests).toBe(1)
  await send('2026-02-01T10:01:01Z')
  expect(requests).toBe(2)
})

test('a wrong clock is told once, and an old answer of a cache does not count', async () => {
  const url = await listen((request, response) => {
    if (request.url === '/cached') response.setHeader('age', '7200').setHeader('date', 'Sun, 01 Feb 2026 05:00:00 GMT')
    else response.setHeader('date', 'Sun, 01 Feb 2026 10:00:00 GMT')
    response.end('"here"')
  })
  const { transport } = transportInTest({ clock: { now: () => Date.parse('2026-02-01T08:00:00Z') } })
  const client = createApiClient({ url, transport })
  for (const path of ['cached', 'v1/usage', 'v1/usage']) await client({ path, answer: z.string() })
  const told: string[] = []
  transport.notices.listen((message) => told.push(message))
  expect(told).toEqual(["the clock of this machine is 2 hours behind the remote's; set it right"])
})

test.each([
  [4, undefined],
  [6, "the clock of this machine is 6 minutes behind the remote's; set it right"],
  [-60 * 24 * 20, "the clock of this machine is 20 days ahead of the remote's; set it right"],
])('%i minutes', (minutes, message) => {
  const told: string[] = []
  createServerClock(
    () => 0,
    (text) => told.push(text),
  ).learn(new Date(minutes * 60_000).toUTCString())
  expect(told).toEqual(message === undefined ? [] : [message])
})

test.skipIf(!canMakeCertificates)('originals go up and come down over HTTPS', async () => {
  const { key, cert } = makeCertificate(await temporaryFolder(), 'DNS:localhost,IP:127.0.0.1')
  const stored: Buffer[] = []
  const server = createServer({ key, cert }, async (request, response) => {
    response.setHeader('x-amz-request-id', 'in-test')
    if (request.method === 'PUT') stored.push(await bodyOf(request))
    const body = request.method === 'PUT' ? Buffer.alloc(0) : (stored[0] ?? Buffer.alloc(0))
    response.writeHead(200, { 'content-length': body.length }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const url = `https://127.0.0.1:${z.object({ port: z.int() }).parse(server.address()).port}`
  const { transport } = transportInTest()
  transport.httpsAgent.options.ca = cert
  const bytes = randomBytes(5 * 1024 * 1024)
  const source = {
    read: async (buffer: Buffer, offset: number, length: number, position: number) => ({
      bytesRead: bytes.copy(buffer, offset, position, position + length),
    }),
  }
  await putRange(signed('PUT', url), source, { offset: 0, sizeBytes: bytes.length }, { transport })
  await putBytes(signed('PUT', url), bytes, { transport })
  expect(stored.map((body) => body.equals(bytes))).toEqual([true, true])
  const sink = { writev: async (buffers: NodeJS.ArrayBufferView[]) => ({ bytesWritten: lengthOf(buffers) }) }
  const hash = await getToFile(async () => signed('GET', url), sink, { transport, sizeBytes: bytes.length })
  expect(hash).toHaveLength(64)
})

function lengthOf(buffers: readonly NodeJS.ArrayBufferView[]): number {
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

test('a session that cannot be refreshed in an outage is asked for again; when it is over, all goes on', async () => {
  const url = await listen((_request, response) => response.end('"here"'))
  const { transport } = transportInTest()
  const unreachable = new UserError('the session cannot be refreshed', {
    exitCode: 5,
    hint: 'check the network',
    cause: new UserPoolUnreachableError('it does not answer'),
  })
  const session = (failures: number): Session => ({
    owner: ownerSchema.parse('somebody'),
    accessToken: async () => {
      failures -= 1
      if (failures >= 0) throw unreachable
      return 'token'
    },
    idToken: () => Promise.reject(new Error('not asked for here')),
  })
  const call = { path: 'v1/usage', answer: z.string() }
  expect(await createApiClient({ url, transport, session: session(20) })(call)).toBe('here')
  const forEver = createApiClient({ url, transport, session: session(Number.POSITIVE_INFINITY) })
  await expect(forEver(call)).rejects.toBe(unreachable)
})
