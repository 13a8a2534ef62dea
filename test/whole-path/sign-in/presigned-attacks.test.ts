// What a presigned request lets its holder do: one thing, with one object, until it expires.
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { SignedRequest } from '../../../contract/transfers.ts'
import type { Tokens } from './device-grant.ts'
import { ask } from './http-answer.ts'
import { hashOf, signDownload, signUpload, storePhoto } from './photo-requests.ts'
import { sampleJpeg } from './sample-jpeg.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { serveTwoOwners } from './two-owners.ts'

let served: ServedAccounts
let alice: Tokens
let bob: Tokens
let bytes: Buffer
beforeAll(async () => {
  ;({ served, alice, bob } = await serveTwoOwners())
  bytes = await sampleJpeg('navy')
  await storePhoto(served, alice, bytes)
  return served.close
})

describe('presigned requests', () => {
  const changed = (request: SignedRequest, from: string, to: string) => request.url.replaceAll(from, to)

  test("a download's URL serves that one object, by that one method, and nothing else", async () => {
    const request = await signDownload(served, alice, bytes)
    expect((await ask(request.url, { headers: request.headers })).status).toBe(200)
    for (const method of ['PUT', 'DELETE', 'POST'])
      expect([method, (await ask(request.url, { method, headers: request.headers })).status]).toEqual([method, 403])
    const name = hashOf(bytes)
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
    const request = await signUpload(served, bob, body)
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

  test('it expires', async () => {
    const request = await signDownload(served, alice, bytes)
    const seconds = Number(new URL(request.url).searchParams.get('X-Amz-Expires'))
    expect(seconds).toBeLessThanOrEqual(3600)
    // Signed by the machine's clock, which goes on while the backend's stands still.
    const late = seconds + 3600
    served.advance(late)
    onTestFinished(() => served.advance(-late))
    expect((await ask(request.url, { headers: request.headers })).status).toBe(403)
  })
})
