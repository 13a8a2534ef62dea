import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { S3Refusal } from '../../../cli/remote/s3-refusal.ts'
import { createServerClock } from '../../../cli/remote/server-clock.ts'
import { createOriginalSigner } from '../../../cli/remote/sign-original.ts'
import type { ObtainOptions } from '../../../cli/remote/temporary-credentials.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

const awsEndpoint = 'https://s3.eu-west-1.amazonaws.com'

function openInTest() {
  const asked: ObtainOptions[] = []
  const credentials = async (options: ObtainOptions = {}) => {
    asked.push(options)
    const accessKeyId = `ASIA${asked.length}`
    return { accessKeyId, secretAccessKey: 'secret', sessionToken: 'session', expiresAt: new Date(Date.UTC(2031, 0)) }
  }
  const configuration = { ...remoteConfigurationInTest(awsEndpoint), region: 'eu-west-1', storageBucket: 'photos' }
  let nowMs = Date.UTC(2030, 0)
  const serverClock = createServerClock(() => nowMs)
  const pass = (milliseconds: number): void => {
    nowMs += milliseconds
  }
  return { asked, serverClock, pass, ...createOriginalSigner({ configuration, credentials, serverClock }) }
}

function refusal(code: string): S3Refusal {
  return { status: 403, code, message: '', retryAfterMs: undefined }
}

test('the signature is in headers, and covers the host, the time and the session', async () => {
  const { signDownload } = openInTest()
  const { method, url, headers } = await signDownload('originals/somebody/abc.jpg')()
  expect([method, url]).toEqual(['GET', 'https://photos.s3.eu-west-1.amazonaws.com/originals/somebody/abc.jpg'])
  expect(headers).toEqual({
    host: 'photos.s3.eu-west-1.amazonaws.com',
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-date': '20300101T000000Z',
    'x-amz-security-token': 'session',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=ASIA1\/20300101\/eu-west-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    ),
  })
})

test.each(['ExpiredToken', 'InvalidToken', 'InvalidAccessKeyId', 'TokenRefreshRequired'])(
  'after %s it asks for other credentials than those it used',
  async (code) => {
    const { asked, signDownload } = openInTest()
    const sign = signDownload('key')
    await sign()
    expect((await sign(refusal(code))).headers['authorization']).toContain('Credential=ASIA2/')
    expect(asked.map(({ refused }) => refused)).toEqual([undefined, 'ASIA1'])
  },
)

test('when the storage calls the clock wrong, it signs with the same credentials for what the storage said when it did', async () => {
  const { asked, signDownload, serverClock, pass } = openInTest()
  const sign = signDownload('key')
  await sign()
  serverClock.learn('Tue, 01 Jan 2030 03:00:00 GMT') // as whoever asks the storage does with every answer
  pass(60_000)
  const { headers } = await sign(refusal('RequestTimeTooSkewed'))
  expect(headers['x-amz-date']).toBe('20300101T030100Z')
  expect(asked.map(({ refused }) => refused)).toEqual([undefined, undefined])
})

test('a thaw is asked for with its tier and its days, which the signature covers; a look at it has no body', async () => {
  const { signThaw } = openInTest()
  const ask = await signThaw('originals/somebody/abc.jpg', { kind: 'ask', tier: 'standard', days: 3 })()
  expect(ask).toMatchObject({
    method: 'POST',
    url: 'https://photos.s3.eu-west-1.amazonaws.com/originals/somebody/abc.jpg?restore',
  })
  expect(ask.body).toContain('<Days>3</Days><GlacierJobParameters><Tier>Standard</Tier>')
  const hash = createHash('sha256')
    .update(ask.body ?? '')
    .digest('hex')
  expect(ask.headers).toMatchObject({ 'x-amz-content-sha256': hash, 'content-length': String(ask.body?.length) })
  expect(ask.headers['authorization']).toContain('SignedHeaders=content-length;host;x-amz-content-sha256')

  const look = await signThaw('originals/somebody/abc.jpg', { kind: 'look' })()
  expect([look.method, look.url, look.body]).toEqual([
    'HEAD',
    'https://photos.s3.eu-west-1.amazonaws.com/originals/somebody/abc.jpg',
    undefined,
  ])
})
