// The second wall: what temporary credentials and presigned URLs let one do at S3 itself, without the API.
import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { contentHashOf } from '../../../contract/content-hash.ts'
import { originalKey, renditionKey, uploadKey } from '../../../contract/object-keys.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { beginUploadsResponseSchema, downloadsResponseSchema, type SignedRequest } from '../../../contract/transfers.ts'
import { signInDevice, type Tokens } from './device-grant.ts'
import { ask, jsonOf } from './http-answer.ts'
import { sampleJpeg } from './sample-jpeg.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { askCredentials, callApi, type TemporaryCredentials, temporaryCredentials } from './session-calls.ts'

let served: ServedAccounts
let alice: Tokens
let bob: Tokens
let bytes: Buffer
const uploadBucket = 'photos-uploads'
const hash = () => contentHashOf(createHash('sha256').update(bytes).digest())
const aliceKey = () => originalKey(ownerSchema.parse(served.alice.owner), hash(), 'image/jpeg')

beforeAll(async () => {
  served = await serveAccounts()
  alice = await signInDevice(served, served.alice)
  bob = await signInDevice(served, served.bob)
  bytes = await sampleJpeg('navy')
  const { url, method, headers } = await signUpload(alice, bytes)
  expect((await ask(url, { method, headers, body: bytes })).status).toBe(200)
  await served.backend.queue.whenIdle()
  return served.close
})

async function signUpload(tokens: Tokens, body: Buffer): Promise<SignedRequest> {
  const contentHash = contentHashOf(createHash('sha256').update(body).digest())
  const originals = [{ contentHash, sizeBytes: body.length, contentType: 'image/jpeg' }]
  const answer = await callApi(served, tokens.access_token, 'POST', '/v1/uploads', { originals })
  const [begun] = beginUploadsResponseSchema.parse(jsonOf(answer)).uploads
  if (begun?.kind !== 'put') throw new Error(`expected a put, got ${begun?.kind}`)
  return begun.request
}

async function signDownload(): Promise<SignedRequest> {
  const downloads = [{ contentHash: hash(), variant: 'original' }]
  const answer = await callApi(served, alice.access_token, 'POST', '/v1/downloads', { downloads })
  const [ready] = downloadsResponseSchema.parse(jsonOf(answer)).downloads
  if (ready?.kind !== 'ready') throw new Error('not signed')
  return ready.request
}

const opened: S3Client[] = []
afterEach(() => {
  for (const client of opened.splice(0)) client.destroy()
})

function s3With(credentials: Omit<TemporaryCredentials, 'sessionToken'> & { readonly sessionToken?: string }): S3Client {
  const { region, endpoints } = served.configuration
  const client = new S3Client({ region, endpoint: endpoints.s3, forcePathStyle: true, credentials, maxAttempts: 1 })
  opened.push(client)
  return client
}

const clientOf = async (tokens: Tokens): Promise<S3Client> => s3With(await temporaryCredentials(served, tokens))

/** The status with which S3 refuses; 200 where it does not. */
async function statusOf(sent: Promise<unknown>): Promise<number> {
  try {
    await sent
    return 200
  } catch (error) {
    if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode ?? 0
    throw error
  }
}

const at = (Key: string, Bucket = served.configuration.storageBucket) => ({ Bucket, Key })
const get = async (client: S3Client, Key: string) => await statusOf(client.send(new GetObjectCommand(at(Key))))

describe("an owner's own credentials", () => {
  test('read an original, bit for bit', async () => {
    const { Body } = await (await clientOf(alice)).send(new GetObjectCommand(at(aliceKey())))
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true)
  })

  test('change, remove, list and begin nothing: reading originals is all that they are for', async () => {
    const client = await clientOf(alice)
    const own = at(aliceKey())
    const source = `${own.Bucket}/${own.Key}`
    const statuses = {
      put: await statusOf(client.send(new PutObjectCommand({ ...own, Body: 'x' }))),
      putBeside: await statusOf(client.send(new PutObjectCommand({ ...at(`originals/${served.alice.owner}/x`), Body: 'x' }))),
      remove: await statusOf(client.send(new DeleteObjectCommand(own))),
      copy: await statusOf(client.send(new CopyObjectCommand({ ...at(`${own.Key}2`), CopySource: source }))),
      parts: await statusOf(client.send(new CreateMultipartUploadCommand(own))),
      list: await statusOf(
        client.send(new ListObjectsV2Command({ Bucket: own.Bucket, Prefix: `originals/${served.alice.owner}/` })),
      ),
      upload: await statusOf(client.send(new PutObjectCommand({ ...at('uploads/x/y', uploadBucket), Body: 'x' }))),
      rendition: await get(client, renditionKey(ownerSchema.parse(served.alice.owner), hash(), 'view')),
      journal: await get(client, `locations/${served.alice.owner}/x.json`),
    }
    expect(Object.entries(statuses).filter(([, status]) => status !== 403 && status !== 501)).toEqual([])
    // S3 answers for each object of this one.
    const removed = await client.send(new DeleteObjectsCommand({ Bucket: own.Bucket, Delete: { Objects: [own] } }))
    expect(removed).toMatchObject({ Errors: [{ Key: own.Key, Code: 'AccessDenied' }] })
    expect(await get(client, aliceKey())).toBe(200)
  })
})

describe("Bob's credentials", () => {
  test("reach none of Alice's objects, by any verb", async () => {
    const client = await clientOf(bob)
    const hers = at(aliceKey())
    const owner = ownerSchema.parse(served.alice.owner)
    const source = `${hers.Bucket}/${hers.Key}`
    const statuses = {
      get: await get(client, hers.Key),
      head: await statusOf(client.send(new HeadObjectCommand(hers))),
      range: await statusOf(client.send(new GetObjectCommand({ ...hers, Range: 'bytes=0-0' }))),
      put: await statusOf(client.send(new PutObjectCommand({ ...hers, Body: 'x' }))),
      remove: await statusOf(client.send(new DeleteObjectCommand(hers))),
      copy: await statusOf(client.send(new CopyObjectCommand({ ...at(`originals/${served.bob.owner}/x`), CopySource: source }))),
      list: await statusOf(client.send(new ListObjectsV2Command({ Bucket: hers.Bucket, Prefix: `originals/${owner}/` }))),
      listAll: await statusOf(client.send(new ListObjectsV2Command({ Bucket: hers.Bucket }))),
      rendition: await get(client, renditionKey(owner, hash(), 'thumbnail')),
      upload: await statusOf(client.send(new GetObjectCommand(at(uploadKey(owner, hash()), uploadBucket)))),
    }
    expect(Object.entries(statuses).filter(([, status]) => status !== 403 && status !== 501)).toEqual([])
  })

  test('no trick with the prefix climbs the wall', async () => {
    const client = await clientOf(bob)
    const { owner } = served.bob
    const name = aliceKey().split('/').at(-1)
    const hers = `${served.alice.owner}/${name}`
    const tricks = [
      `originals/${owner}/../${hers}`,
      `originals/${owner}/..%2f${hers}`,
      `originals/${owner}/%2e%2e/${hers}`,
      `originals//${hers}`,
      `/originals/${hers}`,
      `originals/./${hers}`,
      `originals/${owner}/../../.photos/library.json`,
      `originals/${owner}\\..\\${hers}`,
      `ORIGINALS/${hers}`,
      '.photos/library.json',
      '.photos/accounts.json',
    ]
    for (const key of tricks) {
      const status = await get(client, key)
      expect([key, [400, 403, 404].includes(status)]).toEqual([key, true])
    }
    // An owner whose name begins with another's would be next door: the slash belongs to the prefix.
    expect(await get(client, `originals/${owner}2/${name}`)).toBe(403)
    expect(await get(client, `originals/${owner}`)).toBe(403)
  })
})

describe('credentials that are not whole', () => {
  test('without, with a changed, and with another session token', async () => {
    const [hers, his] = [await temporaryCredentials(served, alice), await temporaryCredentials(served, bob)]
    const { sessionToken, ...withoutToken } = hers
    const middle = sessionToken.length >> 1
    const changed = `${sessionToken.slice(0, middle)}${sessionToken[middle] === 'A' ? 'B' : 'A'}${sessionToken.slice(middle + 1)}`
    const wrong = [
      withoutToken,
      { ...hers, sessionToken: changed },
      { ...his, sessionToken },
      { ...hers, sessionToken: his.sessionToken },
      { ...hers, secretAccessKey: his.secretAccessKey },
      { ...hers, accessKeyId: served.backend.identity.accessKeyId },
    ]
    for (const credentials of wrong) expect(await get(s3With(credentials), aliceKey())).toBe(403)
  })

  test('an hour later they are over, and so is what was signed with them for a week', async () => {
    const client = await clientOf(alice)
    const url = await getSignedUrl(client, new GetObjectCommand(at(aliceKey())), { expiresIn: 7 * 24 * 3600 })
    expect((await ask(url)).status).toBe(200)
    served.advance(3599)
    expect((await ask(url)).status).toBe(200)
    served.advance(2)
    expect([400, 403]).toContain((await ask(url)).status)
    expect([400, 403]).toContain(await get(client, aliceKey()))
    served.advance(-3601)
  })

  test.each(['the access token', 'an unsigned token', 'nothing'])('the identity pool gives none for %s', async (name) => {
    const [head, claims] = alice.id_token.split('.')
    const tokens = { 'the access token': alice.access_token, 'an unsigned token': `${head}.${claims}.`, nothing: '' }
    const answer = await askCredentials(served, Object.entries(tokens).find(([each]) => each === name)?.[1] ?? '')
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain('SecretKey')
  })
})

describe('presigned requests', () => {
  const changed = (request: SignedRequest, from: string, to: string) => request.url.replaceAll(from, to)

  test("a download's URL serves that one object, by that one method, and nothing else", async () => {
    const request = await signDownload()
    expect((await ask(request.url, { headers: request.headers })).status).toBe(200)
    for (const method of ['PUT', 'DELETE', 'POST'])
      expect([method, (await ask(request.url, { method, headers: request.headers })).status]).toEqual([method, 403])
    const name = hash()
    const urls = [
      changed(request, served.alice.owner, served.bob.owner),
      changed(request, name, '0'.repeat(64)),
      changed(request, 'X-Amz-Expires=', 'X-Amz-Expires=9'),
      changed(request, '/originals/', '/renditions/'),
      `${request.url}&versionId=1`,
      `${request.url}&response-content-type=text/html`,
      request.url.replace(/X-Amz-Signature=.{64}/, `X-Amz-Signature=${'0'.repeat(64)}`),
      request.url.replace(/&?X-Amz-Signature=[^&]*/, ''),
      `${new URL(request.url).origin}${new URL(request.url).pathname}`,
    ]
    for (const url of urls) expect([400, 403]).toContain((await ask(url, { headers: request.headers })).status)
  })

  test("an upload's URL takes those bytes once, under that key, and overwrites nothing", async () => {
    const body = await sampleJpeg('olive')
    const request = await signUpload(bob, body)
    const { method, headers } = request
    const other = Buffer.alloc(body.length, 'x')
    expect((await ask(request.url, { method, headers, body: other })).status).toBe(400)
    expect((await ask(changed(request, served.bob.owner, served.alice.owner), { method, headers, body })).status).toBe(403)
    expect((await ask(request.url, { method, headers: { ...headers, 'if-none-match': '' }, body })).status).toBe(403)
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(request.url, { method, headers, body })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => ![200, 409, 412].includes(status))).toEqual([])
    await served.backend.queue.whenIdle()
  })
})
