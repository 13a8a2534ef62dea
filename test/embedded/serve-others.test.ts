import { createHash, randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { IncomingMessage } from 'node:http'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { openLibrary } from '../../cli/session/open-library.ts'
import { remoteConfigurationSchema } from '../../contract/remote-configuration.ts'
import { beginUploadsResponseSchema } from '../../contract/transfers.ts'
import { findServing } from '../../embedded/serving.ts'
import type { LogEntry } from '../../lambda/log.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { addAccountInTest } from './add-account-in-test.ts'
import { canMakeCertificates, makeCertificate } from './certificate-in-test.ts'
import { ask } from './request.ts'
import { serveInTest } from './serve-in-test.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }
const names = 'DNS:localhost,IP:127.0.0.1'

const startedSchema = z.object({ request: z.instanceof(IncomingMessage) })

/** Resolves when the functions begin to ask S3 for something in this bucket. */
function whenS3IsAsked(bucket: string): Promise<void> {
  return new Promise((resolve) => {
    const onRequest = (started: unknown): void => {
      if (startedSchema.parse(started).request.url?.startsWith(`/${bucket}/`) !== true) return
      unsubscribe('http.server.request.start', onRequest)
      resolve()
    }
    subscribe('http.server.request.start', onRequest)
  })
}

describe.skipIf(!canMakeCertificates)('with TLS', () => {
  test('the document, the API and S3 are at the address that the certificate is good for', async () => {
    const folder = await temporaryFolder()
    await addAccountInTest(folder, ada)
    const tls = makeCertificate(folder, names)
    const backend = await serveInTest(folder, { host: '127.0.0.1', tls })
    expect(backend.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)

    const { endpoints } = remoteConfigurationSchema.parse(
      JSON.parse((await ask(`${backend.url}/.well-known/photos.json`, { ca: tls.cert })).text),
    )
    expect(new Set(Object.values(endpoints))).toEqual(new Set([backend.url]))

    const bytes = randomBytes(1000)
    const contentHash = createHash('sha256').update(bytes).digest('hex')
    const originals = [{ contentHash, sizeBytes: bytes.length, contentType: 'video/mp4' }]
    const authorization = `Bearer ${await backend.accessToken()}`
    const begin = { method: 'POST', headers: { authorization }, body: JSON.stringify({ originals }), ca: tls.cert }
    const { uploads } = beginUploadsResponseSchema.parse(JSON.parse((await ask(`${backend.url}/v1/uploads`, begin)).text))
    const [upload] = uploads
    if (upload?.kind !== 'put') throw new Error(`expected a put, got ${upload?.kind}`)
    expect(new URL(upload.request.url).origin).toBe(backend.url)
    const put = { method: 'PUT', headers: upload.request.headers, body: bytes, ca: tls.cert }
    expect((await ask(upload.request.url, put)).status).toBe(200)
    await backend.queue.whenIdle()
    expect(await backend.queue.deadLetters()).toEqual([])
  })

  test('nothing is said without TLS, and nothing to who does not trust the certificate', async () => {
    const folder = await temporaryFolder()
    await addAccountInTest(folder, ada)
    const backend = await serveInTest(folder, { host: '127.0.0.1', tls: makeCertificate(folder, names) })
    await expect(ask(`${backend.url.replace('https:', 'http:')}/`)).rejects.toThrow()
    await expect(ask(`${backend.url}/.well-known/photos.json`)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('another run of this machine reaches the library without certificate and account', async () => {
    const folder = await temporaryFolder()
    await addAccountInTest(folder, ada)
    const backend = await serveInTest(folder, { host: '127.0.0.1', tls: makeCertificate(folder, names) })
    const library = await openLibrary(folder, () => {})
    expect(library.url).toBe(backend.localUrl)
    expect(library.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await findServing(folder))?.url).toBe(backend.localUrl)
    const { endpoints } = remoteConfigurationSchema.parse(JSON.parse((await ask(`${library.url}/.well-known/photos.json`)).text))
    expect(endpoints).toMatchObject({ api: library.url, s3: library.url })
    const authorization = `Bearer ${await library.accessToken()}`
    expect((await ask(`${library.url}/v1/usage`, { headers: { authorization } })).status).toBe(200)
  })

  test('a request that is under way when the library is closed is answered, whatever it needs of S3 until then', async () => {
    const folder = await temporaryFolder()
    await addAccountInTest(folder, ada)
    const tls = makeCertificate(folder, names)
    const logged: LogEntry[] = []
    const backend = await serveInTest(folder, { host: '127.0.0.1', tls, log: (entry) => logged.push(entry) })
    // More than the functions ask S3 for at a time.
    const originals = Array.from({ length: 60 }, () => {
      return { contentHash: randomBytes(32).toString('hex'), sizeBytes: 1000, contentType: 'video/mp4' }
    })
    const headers = { authorization: `Bearer ${await backend.accessToken()}` }
    const asked = whenS3IsAsked('photos-uploads')
    const answer = ask(`${backend.url}/v1/uploads`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ originals }),
      ca: tls.cert,
    })
    await asked
    await backend.close()
    expect(logged).toEqual([])
    expect((await answer).status).toBe(200)
  })
})

test('without TLS, on purpose, a home network is told this machine’s address in it', async () => {
  const outward = Object.values(networkInterfaces()).flatMap((each = []) => each.filter(({ internal }) => !internal))
  const own = outward.find(({ family }) => family === 'IPv4')?.address
  if (own === undefined) return process.stderr.write('this machine is in no network: nothing to test\n')
  const folder = await temporaryFolder()
  await addAccountInTest(folder, ada)
  const backend = await serveInTest(folder, { host: '0.0.0.0', insecureHttp: true })
  expect(backend.url).toMatch(new RegExp(`^http://${own}:\\d+$`))
  expect((await ask(`${backend.url}/.well-known/photos.json`)).status).toBe(200)
  return undefined
})

test('what may not be served leaves nothing open', async () => {
  const folder = await temporaryFolder()
  await expect(serveInTest(folder, { host: '0.0.0.0', insecureHttp: true })).rejects.toMatchObject({
    problem: 'no-accounts',
  })
  await serveInTest(folder)
})
