// Two owners of one remote: whatever Bob asks the API for, nothing of Alice's is seen, named or touched.
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { type ContentHash, contentHashOf } from '../../../contract/content-hash.ts'
import { devicesResponseSchema } from '../../../contract/devices.ts'
import { listPhotosResponseSchema } from '../../../contract/photos.ts'
import {
  type BeginUpload,
  beginUploadsResponseSchema,
  confirmResponseSchema,
  downloadsResponseSchema,
  type SignedRequest,
  signPartsResponseSchema,
} from '../../../contract/transfers.ts'
import { signInDevice, type Tokens } from './device-grant.ts'
import { ask, type HttpAnswer, jsonOf } from './http-answer.ts'
import { sampleJpeg } from './sample-jpeg.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { askRefresh, callApi, cognitoErrorOf, registerDevice } from './session-calls.ts'
import { serveTwoOwners } from './two-owners.ts'

let served: ServedAccounts
let alice: Tokens
let bob: Tokens
let bytes: Buffer
let contentHash: ContentHash
beforeAll(async () => {
  ;({ served, alice, bob } = await serveTwoOwners())
  bytes = await sampleJpeg('teal')
  contentHash = contentHashOf(createHash('sha256').update(bytes).digest())
  await store(alice)
  return served.close
})

const post = (tokens: Tokens, path: string, body: unknown): Promise<HttpAnswer> =>
  callApi(served, tokens.access_token, 'POST', path, body)

async function begin(tokens: Tokens, sizeBytes = bytes.length, hash: string = contentHash): Promise<BeginUpload> {
  const originals = [{ contentHash: hash, sizeBytes, contentType: 'image/jpeg' }]
  const [begun] = beginUploadsResponseSchema.parse(jsonOf(await post(tokens, '/v1/uploads', { originals }))).uploads
  if (begun === undefined) throw new Error('no answer')
  return begun
}

const send = ({ method, url, headers }: SignedRequest, body?: Buffer): Promise<HttpAnswer> =>
  ask(url, { method, headers, ...(body && { body }) })

async function store(tokens: Tokens): Promise<void> {
  const begun = await begin(tokens)
  if (begun.kind !== 'put') throw new Error(`expected a put, got ${begun.kind}`)
  expect((await send(begun.request, bytes)).status).toBe(200)
  await served.backend.queue.whenIdle()
  const location = { device: 'alice-laptop', path: 'DCIM/secret-name.jpg', modificationTime: '2021-06-01T10:00:00.000000000Z' }
  const confirmed = await post(tokens, '/v1/photos/confirm', { photos: [{ contentHash, locations: [location] }] })
  expect(jsonOf(confirmed)).toEqual({ photos: [{ kind: 'stored', contentHash }] })
}

describe('photos', () => {
  test("Bob's list and usage hold nothing of Alice's", async () => {
    const list = await callApi(served, bob.access_token, 'GET', '/v1/photos')
    expect(listPhotosResponseSchema.parse(jsonOf(list)).entries).toEqual([])
    expect((await callApi(served, bob.access_token, 'GET', '/v1/usage')).body).not.toMatch(/[1-9]/)
  })

  test("Alice's cursor, in Bob's hands, shows nothing of hers", async () => {
    // As the API writes them, and as it never would.
    const cursors = [
      { record: `photo#${contentHash}`, captureSort: '0' },
      { owner: served.alice.owner, record: 'photo#' },
    ]
    const [real, invented] = cursors.map((cursor) => Buffer.from(JSON.stringify(cursor)).toString('base64url'))
    const { owner } = served.alice
    for (const query of [`cursor=${real}`, `cursor=${invented}`, `owner=${owner}`, `owner=${owner}&owner=${served.bob.owner}`]) {
      const answer = await callApi(served, bob.access_token, 'GET', `/v1/photos?${query}`)
      expect([query, answer.status < 500, answer.body]).toEqual([
        query,
        true,
        expect.not.stringMatching(/secret-name|[0-9a-f]{64}/),
      ])
    }
  })

  test("Alice's photo is not there for Bob, and its being there is not told", async () => {
    const real = await callApi(served, bob.access_token, 'GET', `/v1/photos/${contentHash}`)
    const invented = await callApi(served, bob.access_token, 'GET', `/v1/photos/${'0'.repeat(64)}`)
    expect([real.status, invented.status]).toEqual([404, 404])
    expect(real.body).toBe(invented.body)
  })

  test.each(['original', 'thumbnail', 'view'])('the %s is not signed for Bob', async (variant) => {
    const downloads = [{ contentHash, variant }]
    const ofBob = downloadsResponseSchema.parse(jsonOf(await post(bob, '/v1/downloads', { downloads })))
    expect(ofBob.downloads).toEqual([{ kind: 'unknown', contentHash }])
    const ofAlice = downloadsResponseSchema.parse(jsonOf(await post(alice, '/v1/downloads', { downloads })))
    expect(ofAlice.downloads).toMatchObject([{ kind: 'ready' }])
  })

  test("confirming what Alice stored makes nothing Bob's", async () => {
    const location = { device: 'bob-laptop', path: 'x.jpg', modificationTime: '2021-06-01T10:00:00.000000000Z' }
    const body = { checkUploads: true, photos: [{ contentHash, locations: [location] }] }
    const { photos } = confirmResponseSchema.parse(jsonOf(await post(bob, '/v1/photos/confirm', body)))
    expect(photos).toEqual([{ kind: 'missing', contentHash }])
    expect((await callApi(served, alice.access_token, 'GET', '/v1/photos')).body).not.toContain('bob-laptop')
  })

  test('an owner in the body or a header counts for nothing', async () => {
    const body = { downloads: [{ contentHash, variant: 'original' }], owner: served.alice.owner }
    const headers = {
      authorization: `Bearer ${bob.access_token}`,
      'content-type': 'application/json',
      'x-owner': served.alice.owner,
      'x-amzn-requestcontext': JSON.stringify({ authorizer: { jwt: { claims: { sub: served.alice.owner } } } }),
    }
    const answer = await ask(`${served.url}/v1/downloads`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.body).not.toContain('"ready"')
  })
})

describe('uploads', () => {
  test('the same bytes are asked of Bob again: that Alice has them is not told, and both have their own', async () => {
    const begun = await begin(bob)
    if (begun.kind !== 'put') throw new Error(`expected a put, got ${begun.kind}`)
    expect(begun.request.url).not.toContain(served.alice.owner)
    expect(new URL(begun.request.url).pathname).toContain(served.bob.owner)
  })

  test("Alice's upload in parts is not Bob's to sign, to complete, to give up or to learn of", async () => {
    const hash = 'a'.repeat(64)
    const begun = await begin(alice, 100 * 2 ** 20, hash)
    if (begun.kind !== 'parts') throw new Error(`expected parts, got ${begun.kind}`)
    const { uploadId } = begun
    const part = Buffer.alloc(begun.partSizeBytes, 'x')
    const checksumSha256 = createHash('sha256').update(part).digest('base64')
    const parts = [{ partNumber: 1, sizeBytes: part.length, checksumSha256 }]

    const signed = await post(bob, '/v1/uploads/parts', { contentHash: hash, uploadId, parts })
    // A signature costs nothing, but it is for a place of Bob's own, where no such upload is.
    for (const request of signed.status === 200 ? signPartsResponseSchema.parse(jsonOf(signed)).requests : []) {
      expect(request.url).not.toContain(served.alice.owner)
      expect((await send(request, part)).status).toBe(404)
    }
    const completed = await post(bob, '/v1/uploads/complete', { contentHash: hash, uploadId })
    expect(jsonOf(completed)).toEqual({ kind: 'unknown' })
    const abandoned = await post(bob, '/v1/uploads/abandon', { uploads: [{ contentHash: hash, uploadId }] })
    expect(jsonOf(abandoned)).toEqual({ uploads: [{ kind: 'gone', contentHash: hash }] }) // as of one that never was
    expect(await begin(alice, 100 * 2 ** 20, hash)).toMatchObject({ kind: 'parts', uploadId, uploadedPartNumbers: [] })
  })
})

describe('devices', () => {
  const idsOf = async (tokens: Tokens) => {
    const answer = await callApi(served, tokens.access_token, 'GET', '/v1/devices')
    return devicesResponseSchema.parse(jsonOf(answer)).devices.map(({ deviceId }) => deviceId)
  }

  test("Alice's devices are not listed for Bob, and his revoking leaves them signed in", async () => {
    const device = await registerDevice(served, alice, "alice's NAS")
    await registerDevice(served, bob, "bob's NAS")
    expect(await idsOf(bob)).not.toContain(device.device_id)
    const one = await callApi(served, bob.access_token, 'DELETE', `/v1/devices/${device.device_id}`)
    expect([204, 404]).toContain(one.status)
    expect(z.literal(204).parse((await callApi(served, bob.access_token, 'DELETE', '/v1/devices')).status)).toBe(204)
    expect(await idsOf(alice)).toContain(device.device_id)
    expect(await idsOf(bob)).toEqual([])
    expect((await askRefresh(served, alice.refresh_token, device)).status).toBe(200)
  })

  test("Bob's refresh token with Alice's device is refused", async () => {
    const device = await registerDevice(served, await signInDevice(served, served.alice))
    const answer = await askRefresh(served, (await signInDevice(served, served.bob)).refresh_token, device)
    expect([answer.status, cognitoErrorOf(answer)]).toEqual([400, 'UserLambdaValidationException'])
  })
})
