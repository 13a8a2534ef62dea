import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { openHttpRemote } from '../../../cli/remote/http-remote.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { Session } from '../../../cli/session/session.ts'
import { contentHashSchema } from '../../../contract/content-hash.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { collect } from '../../collect.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'
import { bodyOf, listen, transportInTest } from './scripted-server.ts'

const contentHash = contentHashSchema.parse('a'.repeat(64))

interface ApiRequest {
  readonly method: string | undefined
  /** Path and query. */
  readonly url: string
  readonly authorization: string | undefined
  readonly body: unknown
}

type Answer = (request: ApiRequest, response: ServerResponse) => void

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function read(request: IncomingMessage): Promise<ApiRequest> {
  const body = (await bodyOf(request)).toString()
  const { method, url = '', headers } = request
  return { method, url, authorization: headers.authorization, body: body === '' ? undefined : JSON.parse(body) }
}

const unused = (): Promise<never> => Promise.reject(new Error('not asked for here'))
const noSession: Session = { owner: ownerSchema.parse('nobody'), accessToken: unused, idToken: unused }

/** A remote whose API answers as scripted. */
async function openRemote(answer: Answer) {
  const requests: ApiRequest[] = []
  const url: string = await listen(async (request, response) => {
    const asked = await read(request)
    requests.push(asked)
    if (asked.url === '/.well-known/photos.json') json(response, 200, remoteConfigurationInTest(url))
    else answer(asked, response)
  })
  const { transport, pausesMs } = transportInTest()
  let tokens = 0
  const refused: (string | undefined)[] = []
  const session: Session = {
    owner: ownerSchema.parse('somebody'),
    accessToken: async (options) => {
      refused.push(options?.refused)
      return `token-${++tokens}`
    },
    idToken: unused,
  }
  const remote: Remote = await openHttpRemote({ url, session, transport })
  return { remote, requests, refused, pausesMs }
}

test('reads the configuration without a token, and calls the API with one', async () => {
  const { remote, requests } = await openRemote((_request, response) =>
    json(response, 200, { uploads: [{ kind: 'stored', contentHash }] }),
  )
  expect(remote.configuration.remoteId).toBe('in-test')
  const candidate = { contentHash, sizeBytes: 5, contentType: 'image/jpeg' }
  expect(await remote.beginUploads([candidate])).toEqual([{ kind: 'stored', contentHash }])
  expect(requests).toEqual([
    { method: 'GET', url: '/.well-known/photos.json', authorization: undefined, body: undefined },
    { method: 'POST', url: '/v1/uploads', authorization: 'Bearer token-1', body: { originals: [candidate] } },
  ])
})

test('every other call, as the contract writes it', async () => {
  const answers: Record<string, unknown> = {
    '/v1/uploads/parts': { requests: [] },
    '/v1/uploads/complete': { kind: 'completed' },
    '/v1/uploads/abandon': { uploads: [{ kind: 'gone', contentHash }] },
    '/v1/photos/confirm': { photos: [{ kind: 'processing', contentHash }] },
  }
  const { remote, requests } = await openRemote((request, response) => json(response, 200, answers[request.url]))
  const parts = { contentHash, uploadId: 'u', parts: [{ partNumber: 1, sizeBytes: 5, checksumSha256: `${'a'.repeat(43)}=` }] }
  expect(await remote.signParts(parts)).toEqual([])
  expect(await remote.completeUpload(contentHash, 'u')).toEqual({ kind: 'completed' })
  expect(await remote.abandonUploads([{ contentHash, uploadId: 'u' }])).toEqual([{ kind: 'gone', contentHash }])
  expect(await remote.confirm([{ contentHash, locations: [] }])).toEqual([{ kind: 'processing', contentHash }])
  expect(requests.slice(1).map(({ body }) => body)).toEqual([
    parts,
    { contentHash, uploadId: 'u' },
    { uploads: [{ contentHash, uploadId: 'u' }] },
    { photos: [{ contentHash, locations: [] }] },
  ])
})

test('gives up nothing at a remote that is too old for it', async () => {
  const notFound = { error: { code: 'not_found', message: 'there is no such route' } }
  const { remote } = await openRemote((_request, response) => json(response, 404, notFound))
  expect(await remote.abandonUploads([{ contentHash, uploadId: 'u' }])).toEqual([])
})

test('lists page after page, and asks for no page that nobody wants', async () => {
  const location = { device: 'laptop', path: 'a.jpg', modificationTime: '2021-06-01T00:00:00Z' }
  const { remote, requests } = await openRemote((request, response) => {
    const page = Number(new URL(request.url, 'http://localhost').searchParams.get('cursor') ?? 0)
    const entries = [{ kind: 'location', contentHash, location: { ...location, path: `${page}.jpg` } }]
    json(response, 200, page === 3 ? { entries } : { entries, cursor: String(page + 1) })
  })
  const range = { from: '2021-06-01T00:00:00', before: '2021-07-01T00:00:00' }
  const entries = await collect(remote.listPhotos(range))
  expect(entries.map((entry) => entry.kind === 'location' && entry.location.path)).toEqual(['0.jpg', '1.jpg', '2.jpg', '3.jpg'])
  expect(requests.slice(1).map(({ url }) => url)).toEqual([
    '/v1/photos?from=2021-06-01T00%3A00%3A00&before=2021-07-01T00%3A00%3A00',
    '/v1/photos?from=2021-06-01T00%3A00%3A00&before=2021-07-01T00%3A00%3A00&cursor=1',
    '/v1/photos?from=2021-06-01T00%3A00%3A00&before=2021-07-01T00%3A00%3A00&cursor=2',
    '/v1/photos?from=2021-06-01T00%3A00%3A00&before=2021-07-01T00%3A00%3A00&cursor=3',
  ])
  for await (const _ of remote.listPhotos({ undated: true })) break
  expect(requests.slice(5).map(({ url }) => url)[0]).toBe('/v1/photos?undated=true')
  expect(requests.length).toBeLessThanOrEqual(7)
})

test('takes back the request for a page that nobody waits for any more', async () => {
  const pages = new EventEmitter()
  const asked = once(pages, 'asked')
  const closed = once(pages, 'closed')
  const { remote } = await openRemote((request, response) => {
    if (!request.url.includes('cursor=')) return json(response, 200, { entries: [entry], cursor: 'next' })
    response.once('close', () => pages.emit('closed'))
    pages.emit('asked')
  })
  const location = { device: 'laptop', path: 'a.jpg', modificationTime: '2021-06-01T00:00:00Z' }
  const entry = { kind: 'location', contentHash, location }
  for await (const _ of remote.listPhotos({})) {
    await asked
    break
  }
  await closed
})

test('adds the pages of the usage up', async () => {
  const { remote } = await openRemote((request, response) => {
    const page = { photos: 1, originalBytes: 10, renditionBytes: 2 }
    json(response, 200, request.url.includes('cursor=') ? page : { ...page, cursor: 'c' })
  })
  expect(await remote.usage()).toEqual({ photos: 2, originalBytes: 20, renditionBytes: 4 })
})

test('a photo that is not there is undefined', async () => {
  const { remote } = await openRemote((_request, response) => json(response, 404, { error: { code: 'NotFound', message: 'no' } }))
  expect(await remote.findPhoto(contentHash)).toBeUndefined()
})

test('goes on after 503 to every third request, with a fresh token', async () => {
  let calls = 0
  const { remote, requests, pausesMs } = await openRemote((_request, response) => {
    calls += 1
    if (calls % 3 === 1) response.setHeader('retry-after', '2')
    json(response, calls % 3 === 1 ? 503 : 200, { photos: 1, originalBytes: 1, renditionBytes: 1 })
  })
  for (let call = 0; call < 4; call++) await remote.usage()
  expect(pausesMs).toEqual([2000, 2000])
  expect(requests.at(-1)?.authorization).toBe('Bearer token-6')
})

test.each([
  [401, 12],
  [403, 12],
  [503, 5],
  [429, 5],
])('%i ends with exit code %i and a hint', async (status, exitCode) => {
  const { remote } = await openRemote((_request, response) => json(response, status, {}))
  await expect(remote.usage()).rejects.toMatchObject({ name: 'UserError', exitCode, hint: expect.any(String) })
})

test('a token that is refused is made anew, once, and the call repeated', async () => {
  const { remote, requests, refused } = await openRemote((request, response) => {
    if (request.authorization === 'Bearer token-2') json(response, 200, { uploads: [{ kind: 'stored', contentHash }] })
    else json(response, 401, { message: 'Unauthorized' })
  })
  const candidate = { contentHash, sizeBytes: 5, contentType: 'image/jpeg' }
  expect(await remote.beginUploads([candidate])).toEqual([{ kind: 'stored', contentHash }])
  expect(refused).toEqual([undefined, 'token-1'])
  expect(requests.slice(1).map(({ body }) => body)).toEqual([{ originals: [candidate] }, { originals: [candidate] }])

  const ended = await openRemote((_request, response) => json(response, 401, { message: 'Unauthorized' }))
  await expect(ended.remote.usage()).rejects.toMatchObject({ exitCode: 12, hint: 'sign in again: photos login' })
  expect(ended.refused).toEqual([undefined, 'token-1'])
})

test.each([
  [400, { error: { code: 'BadRequest', message: 'too many' } }, /refuses v1\/usage: 400 BadRequest \(too many\)$/],
  [302, undefined, /^the answer to v1\/usage of .+ is not what a photos remote answers: its status is 302$/],
  [200, { photos: 'many' }, /^the answer to v1\/usage of .+ is not what a photos remote answers: /],
  [200, undefined, /^the answer to v1\/usage of .+ is not what a photos remote answers: /],
])('%i with %j: exit code 5, and whose fault it may be', async (status, body, message) => {
  const { remote } = await openRemote((_request, response) => json(response, status, body))
  await expect(remote.usage()).rejects.toMatchObject({ name: 'UserError', exitCode: 5, message: expect.stringMatching(message) })
})

test('an answer that trickles in without end is given up as a whole: exit code 5', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const trickle = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(trickle))
  })
  const { transport, pausesMs } = transportInTest({ answerWithinMs: 50 })
  const opening = openHttpRemote({ url, session: noSession, transport })
  await expect(opening).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
  expect(pausesMs).toHaveLength(2)
})

test('nobody there: exit code 5 after three attempts', async () => {
  const url = await listen((request) => request.socket.destroy())
  const { transport, pausesMs } = transportInTest()
  const opening = openHttpRemote({ url, session: noSession, transport })
  await expect(opening).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
  expect(pausesMs).toHaveLength(2)
})

test.each([
  ['a newer remote', { apiVersion: 2 }, 5, /newer/],
  ['another product', { hello: 'world' }, 5, /is not a photos remote/],
])('%s', async (_name, body, exitCode, message) => {
  const url = await listen((_request, response) => json(response, 200, body))
  const { transport } = transportInTest()
  const opening = openHttpRemote({ url, session: noSession, transport })
  await expect(opening).rejects.toMatchObject({ name: 'UserError', exitCode, message: expect.stringMatching(message) })
})
