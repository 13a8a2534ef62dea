// The embedded S3 shares its origin with the sign-in pages: nothing that it sends may run there, whoever put it there.
import { GetObjectCommand, type GetObjectCommandInput, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { originalKey } from '../../../contract/object-keys.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { findChromium, launchChromium, openWindow } from './chromium-in-test.ts'
import { signInDevice, type Tokens } from './device-grant.ts'
import { ask } from './http-answer.ts'
import { hashOf, signDownload, storePhoto } from './photo-requests.ts'
import { sampleJpeg } from './sample-jpeg.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { type TemporaryCredentials, temporaryCredentials } from './session-calls.ts'

const script = "<!doctype html><title>not run</title><body><script>document.title = 'run at ' + self.origin</script>"

let served: ServedAccounts
let bob: Tokens
let bytes: Buffer
beforeAll(async () => {
  served = await serveAccounts()
  bob = await signInDevice(served, served.bob)
  bytes = withComment(await sampleJpeg('navy'), script)
  await storePhoto(served, bob, bytes)
  return served.close
})

/** A photo that is a page as well: what a JPEG's comment holds is its maker's to choose. */
function withComment(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text)
  const marker = Buffer.from([0xff, 0xfe, (comment.length + 2) >> 8, (comment.length + 2) & 0xff])
  return Buffer.concat([jpeg.subarray(0, 2), marker, comment, jpeg.subarray(2)])
}

type Keys = Omit<TemporaryCredentials, 'sessionToken'> & { readonly sessionToken?: string }

/** A presigned URL, and what its answer is to be called. */
async function presign(credentials: Keys, changes: Partial<GetObjectCommandInput> = {}): Promise<string> {
  const Key = originalKey(ownerSchema.parse(served.bob.owner), hashOf(bytes), 'image/jpeg')
  const client = clientWith(credentials)
  try {
    return await getSignedUrl(client, new GetObjectCommand({ Bucket: served.configuration.storageBucket, Key, ...changes }))
  } finally {
    client.destroy()
  }
}

function clientWith(credentials: Keys): S3Client {
  const { region, endpoints } = served.configuration
  return new S3Client({ region, endpoint: endpoints.s3, forcePathStyle: true, credentials })
}

/** Stores what no original is, as the operator could, and gives its address. */
async function storeAs(ContentType: string): Promise<string> {
  const at = {
    Bucket: served.configuration.storageBucket,
    Key: `originals/${served.bob.owner}/${encodeURIComponent(ContentType)}`,
  }
  const client = clientWith(served.backend.identity)
  try {
    await client.send(new PutObjectCommand({ ...at, Body: script, ContentType, ContentDisposition: 'inline; filename="a"' }))
  } finally {
    client.destroy()
  }
  return await presign(served.backend.identity, at)
}

describe('what S3 sends', () => {
  test.each(['an object', 'a part of one', 'a refusal', 'nothing new'])('runs nowhere, and is what it says: %s', async (kind) => {
    const url = (await signDownload(served, bob, bytes)).url
    const { etag } = (await ask(url)).headers
    const answers = {
      'an object': [200, ask(url)],
      'a part of one': [206, ask(url, { headers: { range: 'bytes=0-9' } })],
      'a refusal': [403, ask(`${url}&x=1`)],
      'nothing new': [304, ask(url, { headers: { 'if-none-match': etag ?? '' } })],
    } as const
    const [status, asked] = Object.entries(answers).find(([name]) => name === kind)?.[1] ?? []
    const answer = await asked
    expect(answer?.status).toBe(status)
    expect(answer?.headers).toMatchObject({
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  test.each([
    'text/html',
    'image/svg+xml',
    'IMAGE/SVG+XML; charset=utf-8',
    'application/xhtml+xml',
    'text/xml',
    'image/jpeg, text/html',
    'nonsense',
  ])('is saved and not shown where it is %s', async (contentType) => {
    const answer = await ask(await storeAs(contentType))
    expect([answer.status, answer.headers['content-disposition']]).toEqual([200, 'attachment'])
  })

  test.each(['image/webp', 'video/mp4'])('may be shown where it is %s', async (contentType) => {
    expect((await ask(await storeAs(contentType))).headers['content-disposition']).toBe('inline; filename="a"')
  })
})

describe('temporary credentials', () => {
  test.each([
    { ResponseContentType: 'text/html' },
    { ResponseContentDisposition: 'inline' },
    { ResponseContentEncoding: 'gzip' },
    { ResponseCacheControl: 'public' },
    { ResponseContentLanguage: 'en' },
    { ResponseExpires: new Date(0) },
  ])('call an object nothing else than it is: $0', async (changes) => {
    const credentials = await temporaryCredentials(served, bob)
    const answer = await ask(await presign(credentials, changes))
    expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')])
    expect((await ask(await presign(credentials))).headers['content-type']).toBe('image/jpeg')
  })
})

test.each([
  ['a line end', 'text/html\r\nset-cookie: a=b'],
  ['a wide character', 'text/\u2028html'],
  ['a null', '\0'],
])('a name that is no header is a 400: %s', async (_kind, name) => {
  const answer = await ask(await presign(served.backend.identity, { ResponseContentType: name }))
  expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('<Code>InvalidArgument</Code>')])
  expect(answer.headers['set-cookie']).toBeUndefined()
})

const program = findChromium()

describe.skipIf(program === undefined)(program ?? 'no Chromium on this machine (PHOTOS_TEST_CHROMIUM names one)', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(program ?? '')
    return () => browser.close()
  })

  test('a photo that is a page is a photo', async () => {
    const { page } = await openWindow(browser)
    await page.goto((await signDownload(served, bob, bytes)).url)
    expect(await page.title()).not.toContain('run')
    expect(await page.locator('img').count()).toBe(1)
  })

  test('one that the operator calls a page is saved, and no script of it runs', async () => {
    const { page } = await openWindow(browser)
    const url = await presign(served.backend.identity, { ResponseContentType: 'text/html' })
    const saved = page.waitForEvent('download')
    await page.goto(url).catch(() => undefined)
    await saved
    expect(await page.title()).toBe('')
  })

  test('pages of the own origin show it in <img>', async () => {
    const { page } = await openWindow(browser)
    await page.route(`${served.url}/gallery`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>gallery</title>' }),
    )
    await page.goto(`${served.url}/gallery`)
    const src = JSON.stringify((await signDownload(served, bob, bytes)).url)
    const load = `(async () => { const image = new Image(); image.src = ${src}; await image.decode(); return image.naturalWidth })()`
    expect(await page.evaluate(load)).toBe(600)
  })
})
