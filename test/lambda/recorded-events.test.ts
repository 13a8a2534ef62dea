import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { uploadKey, verificationKey } from '../../contract/object-keys.ts'
import { ownerSchema } from '../../contract/owner.ts'
import { beginUploadsResponseSchema } from '../../contract/transfers.ts'
import { askVerificationResponseSchema, beginVerificationResponseSchema } from '../../contract/verifications.ts'
import { createApiHandler } from '../../lambda/api.ts'
import { connectAuth } from '../../lambda/auth/connect-auth.ts'
import { createAuthHandler } from '../../lambda/auth.ts'
import { createAuthorizeRefreshHandler, RefreshRefusedError } from '../../lambda/authorize-refresh.ts'
import { connectBackend } from '../../lambda/backend.ts'
import { parseUploadEvent } from '../../lambda/photos/parse-upload-event.ts'
import { openMetadataReader } from '../../lambda/photos/read-metadata.ts'
import { createProcessUploadHandler } from '../../lambda/process-upload.ts'
import { type OriginalInTest, originalOf, randomOriginal } from './originals-in-test.ts'
import {
  formPost,
  publicGet,
  queueEvent,
  s3Message,
  s3TestMessage,
  signedIn,
  tokenRefresh,
  tokenRefreshWithoutMetadata,
} from './recorded-events/recorded-events.ts'
import { confirmByEvent, post, sendByEvents } from './send-by-events.ts'
import { openServicesInTest } from './services-in-test.ts'

const owner = ownerSchema.parse('a4b8c408-0061-7001-8b1f-2f3c5e6d7a89')
const other = ownerSchema.parse('b5c9d519-1172-4112-9c20-3a4d6f7e8b90')

test.each([
  ['uploads/owner/plain.jpg', 'uploads/owner/plain.jpg'],
  ['Happy+Face%2B1.jpg', 'Happy Face+1.jpg'],
  ['%C3%89t%C3%A9+%C3%A0+la+mer/plage%2C+1er+jour.webp', 'Été à la mer/plage, 1er jour.webp'],
  ['%E6%97%85%E8%A1%8C+%F0%9F%8F%94%EF%B8%8F/%E5%B1%B1.jpg', '旅行 🏔️/山.jpg'],
  ['100%25+%28copy%29%26%27.jpg', "100% (copy)&'.jpg"],
  ['..%2Foriginals%2Fowner', '../originals/owner'],
])('a key that S3 writes as %s is read as %s', (encoded, key) => {
  expect(parseUploadEvent(s3Message(encoded))).toEqual([key])
  expect(parseUploadEvent(s3Message(encoded, 'multipart'))).toEqual([key])
})

test('keys that are not ours fail by themselves, and the photo between them is stored', async () => {
  const functions = await connectInTest()
  const original = originalOf(await picture(), 'image/jpeg')
  await sendByEvents(functions.api, owner, original)
  const foreign = ['Happy+Face%2B1.jpg', '%E6%97%85%E8%A1%8C/%E5%B1%B1.jpg', '%', `uploads/${owner}/..%2F..%2Foriginals`]
  const bodies = [...foreign.map((key) => s3Message(key)), messageFor(original), s3TestMessage, 'not JSON', '{}']

  const { batchItemFailures } = await functions.processUpload(queueEvent(bodies))
  const failed = [0, 1, 2, 3, 6, 7].map((index) => ({ itemIdentifier: `message ${index}` }))
  expect(batchItemFailures).toEqual(failed)
  expect(await confirmByEvent(functions.api, owner, original)).toBe('stored')
})

test('a message that S3 sends twice, late, and after the test event makes one photo', async () => {
  const functions = await connectInTest()
  const original = originalOf(await picture(), 'image/jpeg')
  expect(await functions.processUpload(queueEvent([s3TestMessage]))).toEqual({ batchItemFailures: [] })
  await sendByEvents(functions.api, owner, original)
  for (const receives of [1, 2, 3]) {
    const event = queueEvent([messageFor(original), messageFor(original)], receives)
    expect(await functions.processUpload(event)).toEqual({ batchItemFailures: [] })
  }
  expect(bodyOf(await functions.api(signedIn('GET', '/v1/usage', { owner })))).toMatchObject({ photos: 1 })
})

test('the event of parts that became an object is the event of an original', async () => {
  const { api, processUpload } = await connectInTest()
  const original = randomOriginal(1000)
  await sendByEvents(api, owner, original)
  const event = queueEvent([s3Message(uploadKey(owner, original.candidate.contentHash), 'multipart')])
  expect(await processUpload(event)).toEqual({ batchItemFailures: [] })
  expect(await confirmByEvent(api, owner, original)).toBe('stored')
})

test('what asks for a verification comes by the queue of uploads, and is answered once it was read', async () => {
  const { api, processUpload } = await connectInTest()
  const original = originalOf(await picture(), 'image/jpeg')
  await sendByEvents(api, owner, original)
  await processUpload(queueEvent([messageFor(original)]))
  const contentHashes = [original.candidate.contentHash]
  const { verificationId } = await post(
    api,
    '/v1/verifications',
    { owner, json: { contentHashes } },
    beginVerificationResponseSchema,
  )
  const ask = async () => {
    const asked = { owner, json: { verificationId, contentHashes } }
    return (await post(api, '/v1/verifications/ask', asked, askVerificationResponseSchema)).verifications[0]
  }
  expect(await ask()).toMatchObject({ kind: 'processing' })
  const message = s3Message(verificationKey(owner, verificationId, original.candidate.contentHash))
  expect(await processUpload(queueEvent([message, message]))).toEqual({ batchItemFailures: [] })
  expect(await ask()).toMatchObject({ kind: 'verified', sizeBytes: original.bytes.length })
})

test('a body in base64 is the same request', async () => {
  const { api } = await connectInTest()
  const { candidate } = randomOriginal(10)
  for (const inBase64 of [false, true]) {
    const request = { owner, json: { originals: [candidate] }, inBase64 }
    const answer = beginUploadsResponseSchema.parse(bodyOf(await api(signedIn('POST', '/v1/uploads', request))))
    expect(answer.uploads.map(({ kind }) => kind)).toEqual(['put'])
  }
})

test('the owner is the sub of the token, whatever else it says', async () => {
  const { api, processUpload } = await connectInTest()
  const original = originalOf(await picture(), 'image/jpeg')
  await sendByEvents(api, owner, original)
  await processUpload(queueEvent([messageFor(original)]))
  const ask = async (claims: Readonly<Record<string, string>>, sub: string = other) =>
    await api(signedIn('GET', `/v1/photos/${original.candidate.contentHash}?owner=${owner}`, { owner: sub, claims }))

  expect((await ask({}, owner)).statusCode).toBe(200)
  expect((await ask({ username: owner, owner, 'cognito:username': owner })).statusCode).toBe(404)
  expect((await ask({ sub: `${owner}/` })).statusCode).toBe(401)
  expect((await ask({ scope: 'openid email' }, owner)).statusCode).toBe(401)
  expect((await ask({ scope: 'photos/accessories' }, owner)).statusCode).toBe(401)
})

test('a public route answers without an authorizer, the others do not', async () => {
  const { api, auth } = await connectInTest()
  const configuration = await api(publicGet('/.well-known/photos.json'))
  expect(bodyOf(configuration)).toMatchObject({ endpoints: { api: 'https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com' } })
  expect((await api(publicGet('/v1/photos'))).statusCode).toBe(401)
  expect((await auth(publicGet('/v1/devices'))).statusCode).toBe(401)
  const page = await auth(publicGet('/device?user_code=BCDF-GHJK'))
  expect(page).toMatchObject({ statusCode: 200, headers: { 'content-type': expect.stringContaining('text/html') } })
})

test('a device asks to be let in with a form in base64', async () => {
  const { auth, clientId } = await connectInTest()
  const fields = { client_id: clientId, scope: 'openid email photos/access', device_name: 'Café 旅行 + 1' }
  const answer = await auth(formPost('/oauth/device_authorization', fields))
  expect(bodyOf(answer)).toMatchObject({
    user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
    verification_uri: 'https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/device',
  })
  expect((await auth(formPost('/oauth/device_authorization', { client_id: 'another' }))).statusCode).toBe(400)
})

test('a refresh is let through for a device that is registered, and for no other', async () => {
  const { auth, authorizeRefresh, clientId } = await connectInTest()
  const claims = { auth_time: String(Math.floor(Date.now() / 1000)) }
  const registered = bodyOf(await auth(signedIn('POST', '/v1/devices', { owner, claims, json: { name: 'laptop' } })))
  const device = { device_id: String(registered['deviceId']), device_secret: String(registered['deviceSecret']) }

  const event = tokenRefresh(owner, clientId, device)
  expect(await authorizeRefresh(event)).toEqual(event)
  const atSignIn = { ...tokenRefreshWithoutMetadata(owner, clientId), triggerSource: 'TokenGeneration_HostedAuth' } as const
  expect(await authorizeRefresh(atSignIn)).toEqual(atSignIn)
  const refused = [
    tokenRefreshWithoutMetadata(owner, clientId),
    tokenRefresh(other, clientId, device),
    tokenRefresh(owner, clientId, { ...device, device_secret: 'x'.repeat(43) }),
    tokenRefresh(owner, clientId, { device_id: device.device_id }),
  ]
  for (const each of refused) await expect(authorizeRefresh(each)).rejects.toThrow(RefreshRefusedError)
})

/** The functions as they are deployed, but for their process. */
async function connectInTest() {
  const { variables, credentials, clientId } = await openServicesInTest()
  const log = () => {}
  const backend = connectBackend(variables, { credentials, log })
  const reader = openMetadataReader()
  onTestFinished(() => reader.close())
  const auth = connectAuth(variables, { credentials, log, secret: async () => Buffer.alloc(32, 7) })
  return {
    clientId,
    api: createApiHandler(backend),
    processUpload: createProcessUploadHandler(backend, reader),
    auth: createAuthHandler(auth),
    authorizeRefresh: createAuthorizeRefreshHandler(auth),
  }
}

function bodyOf({ body }: { readonly body: string }): Record<string, unknown> {
  return JSON.parse(body)
}

function messageFor({ candidate }: OriginalInTest): string {
  return s3Message(uploadKey(owner, candidate.contentHash))
}

async function picture(): Promise<Buffer> {
  return await sharp({ create: { width: 60, height: 40, channels: 3, background: '#468' } })
    .jpeg()
    .toBuffer()
}
