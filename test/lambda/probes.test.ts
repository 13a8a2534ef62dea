import { createHash, randomBytes } from 'node:crypto'
import sharp from 'sharp'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { beginProbeResponseSchema, probeStateSchema, probesResponseSchema } from '../../contract/probes.ts'
import type { SignedRequest } from '../../contract/transfers.ts'
import { maximumProbes } from '../../lambda/photos/probes.ts'
import { accessTokenOf, type LibraryInTest, openLibraryInTest } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { randomOriginal, store } from './originals-in-test.ts'

interface ProbeInTest {
  readonly contentHash: ContentHash
  readonly bytes: Buffer
}

async function newProbe(): Promise<ProbeInTest> {
  const bytes = await sharp(randomBytes(8 * 8 * 3), { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toBuffer()
  return { bytes, contentHash: contentHashOf(createHash('sha256').update(bytes).digest()) }
}

function call(library: LibraryInTest, token: string, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  return fetch(`${library.backend.url}/v1/probes${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function uploadProbe(library: LibraryInTest, probe: ProbeInTest, token: string): Promise<void> {
  await sendProbe(library, probe, token)
  await library.backend.queue.whenIdle()
}

async function sendProbe(library: LibraryInTest, probe: ProbeInTest, token: string): Promise<void> {
  await put(await begin(library, probe, token), probe)
}

async function begin(library: LibraryInTest, { contentHash, bytes }: ProbeInTest, token: string): Promise<SignedRequest> {
  const probe = { contentHash, sizeBytes: bytes.length, contentType: 'image/png', device: 'nas' }
  return beginProbeResponseSchema.parse(await (await call(library, token, 'POST', '', probe)).json()).request
}

async function put({ url, method, headers }: SignedRequest, { bytes }: ProbeInTest): Promise<void> {
  expect((await fetch(url, { method, headers, body: new Uint8Array(bytes) })).status).toBe(200)
}

async function listed(library: LibraryInTest, token: string): Promise<readonly ContentHash[]> {
  const { probes } = probesResponseSchema.parse(await (await call(library, token, 'GET', '')).json())
  return probes.map((probe) => probe.contentHash)
}

test('a probe is stored and rendered as an original is, beside them, and no list of photos shows it', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await library.backend.accessToken()
  const probe = await newProbe()
  await uploadProbe(library, probe, token)

  const key = `probes/${library.backend.identity.owner}/${probe.contentHash}.png`
  const size = { widthPixels: 8, heightPixels: 8, sizeBytes: expect.any(Number) }
  expect(await (await call(library, token, 'GET', `/${probe.contentHash}`)).json()).toEqual({
    kind: 'stored',
    key,
    sizeBytes: probe.bytes.length,
    renditions: [
      { name: 'thumbnail', ...size },
      { name: 'view', ...size },
    ],
    reason: null,
  })
  expect(await library.remote.usage()).toEqual({ photos: 0, originalBytes: 0, renditionBytes: 0 })
  expect(await library.remote.findPhoto(probe.contentHash)).toBeUndefined()
})

test('the removal of a probe never reaches a photo, also one of the same bytes', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await library.backend.accessToken()
  const original = randomOriginal(1000)
  await store(library, original)
  const { contentHash } = original.candidate
  await uploadProbe(library, { contentHash, bytes: original.bytes }, token)

  expect((await call(library, token, 'DELETE', `/${contentHash}`)).status).toBe(204)
  expect(await listed(library, token)).toEqual([])
  expect(await library.remote.confirm([{ contentHash, locations: [] }])).toEqual([{ kind: 'stored', contentHash }])
})

test("another owner's probe is not seen, and stays when it is removed", async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const [own, other] = [await library.backend.accessToken(), await accessTokenOf('bob', library)]
  const probe = await newProbe()
  await uploadProbe(library, probe, own)

  expect(await listed(library, other)).toEqual([])
  expect(await (await call(library, other, 'GET', `/${probe.contentHash}`)).json()).toEqual({ kind: 'missing' })
  expect((await call(library, other, 'DELETE', `/${probe.contentHash}`)).status).toBe(204)
  expect(await listed(library, own)).toEqual([probe.contentHash])
  expect(await (await call(library, own, 'GET', `/${probe.contentHash}`)).json()).toMatchObject({ kind: 'stored' })
})

test('photos cannot be kept as probes: what is larger is not signed', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const { contentHash } = await newProbe()
  const probe = { contentHash, sizeBytes: 16 * 1024 + 1, contentType: 'image/png', device: 'nas' }
  expect((await call(library, await library.backend.accessToken(), 'POST', '', probe)).status).toBe(400)
})

test('what a killed doctor has left is removed at a start of the library a day later', async () => {
  const folder = await temporaryFolder()
  const before = await openLibraryInTest(folder)
  const probe = await newProbe()
  await uploadProbe(before, probe, await before.backend.accessToken())
  await before.close()

  const later = await openLibraryInTest(folder, { now: () => new Date(Date.now() + 25 * 60 * 60 * 1000) })
  const token = await later.backend.accessToken()
  expect(await (await call(later, token, 'GET', `/${probe.contentHash}`)).json()).toEqual({ kind: 'missing' })
})

test('the same while the library is served for days', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  let aheadMs = 0
  const library = await openLibraryInTest(await temporaryFolder(), { now: () => new Date(Date.now() + aheadMs) })
  const probe = await newProbe()
  await uploadProbe(library, probe, await library.backend.accessToken())

  aheadMs = 25 * hourMs
  const token = await library.backend.accessToken()
  const find = async () => probeStateSchema.parse(await (await call(library, token, 'GET', `/${probe.contentHash}`)).json())
  // An hour passes between two looks: one in which a sweep is still under way begins none.
  while ((await find()).kind !== 'missing') vi.advanceTimersByTime(hourMs)
})

const hourMs = 60 * 60 * 1000

test('an upload that arrives after the removal comes to nothing', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await library.backend.accessToken()
  const probe = await newProbe()
  const request = await begin(library, probe, token)
  expect((await call(library, token, 'DELETE', `/${probe.contentHash}`)).status).toBe(204)
  await put(request, probe)
  await library.backend.queue.whenIdle()
  expect(await (await call(library, token, 'GET', `/${probe.contentHash}`)).json()).toEqual({ kind: 'missing' })
  expect(await listed(library, token)).toEqual([])
})

test('one owner can have so many at once: the oldest give way', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await library.backend.accessToken()
  const probes: ProbeInTest[] = []
  for (let count = 0; count <= maximumProbes; count += 1) {
    const probe = await newProbe()
    probes.push(probe)
    await begin(library, probe, token)
  }
  const expected = probes.slice(1).map(({ contentHash }) => contentHash)
  expect((await listed(library, token)).toSorted()).toEqual(expected.toSorted())
})

test.each(['image/png\r\nx-amz-acl: public-read', 'image/png\0', 'png', ''])(
  '%j is no type to be signed',
  async (contentType) => {
    const library = await openLibraryInTest(await temporaryFolder())
    const { contentHash } = await newProbe()
    const probe = { contentHash, sizeBytes: 100, contentType, device: 'nas' }
    expect((await call(library, await library.backend.accessToken(), 'POST', '', probe)).status).toBe(400)
  },
)
