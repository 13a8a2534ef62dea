// The second wall: what temporary credentials let one do at S3 itself, without the API.
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
import { originalKey, renditionKey, uploadKey } from '../../../contract/object-keys.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import type { Tokens } from './device-grant.ts'
import { ask } from './http-answer.ts'
import { hashOf, storePhoto } from './photo-requests.ts'
import { sampleJpeg } from './sample-jpeg.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { askCredentials, type TemporaryCredentials, temporaryCredentials } from './session-calls.ts'
import { serveTwoOwners } from './two-owners.ts'

let served: ServedAccounts
let alice: Tokens
let bob: Tokens
let bytes: Buffer
const uploadBucket = 'photos-uploads'
const aliceKey = () => originalKey(ownerSchema.parse(served.alice.owner), hashOf(bytes), 'image/jpeg')

beforeAll(async () => {
  ;({ served, alice, bob } = await serveTwoOwners())
  bytes = await sampleJpeg('navy')
  await storePhoto(served, alice, bytes)
  return served.close
})

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
      rendition: await get(client, renditionKey(ownerSchema.parse(served.alice.owner), hashOf(bytes), 'view')),
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
      rendition: await get(client, renditionKey(owner, hashOf(bytes), 'thumbnail')),
      upload: await statusOf(client.send(new GetObjectCommand(at(uploadKey(owner, hashOf(bytes)), uploadBucket)))),
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
    const nextDoor = `originals/${owner}2/${name}`
    await s3With(served.backend.identity).send(new PutObjectCommand({ ...at(nextDoor), Body: 'x' }))
    expect(await get(client, nextDoor)).toBe(403)
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
