import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { checksumsOf, sha256HexOf } from './digests.ts'
import { type Probe, type RawAnswer, verdict } from './probe.ts'

const bytes = Buffer.from('chunk by chunk by chunk')
const unsignedTrailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

interface Chunked {
  readonly key: string
  readonly body: string
  readonly decodedLength?: number
  readonly trailer?: string
  readonly payload?: string
}

function putChunked(
  probe: Probe,
  { key, body, decodedLength = bytes.length, trailer, payload = unsignedTrailer }: Chunked,
): Promise<RawAnswer> {
  const headers = {
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': payload,
    'x-amz-decoded-content-length': String(decodedLength),
    ...(trailer !== undefined && { 'x-amz-trailer': trailer }),
  }
  return probe.sendSigned({ method: 'PUT', path: probe.path(key), headers, body: Buffer.from(body) })
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export function describeChunkedBodies(getProbe: GetProbe): void {
  describe('aws-chunked bodies', () => {
    test('chunks become one object, whose content encoding is not aws-chunked', async () => {
      const probe = getProbe()
      const key = probe.key()
      const answer = await putChunked(probe, { key, body: `${chunk('chunk by ')}${chunk('chunk by chunk')}0\r\n\r\n` })
      expect(answer.status).toBe(200)
      const get = await probe.sendSigned({ method: 'GET', path: probe.path(key) })
      expect([get.body.toString(), get.headers['content-encoding']]).toEqual([bytes.toString(), undefined])
    })

    test('a right checksum in the trailer is accepted and kept', async () => {
      const probe = getProbe()
      const key = probe.key()
      const checksum = (await checksumsOf(bytes))['x-amz-checksum-sha256']
      const body = `${chunk(bytes.toString())}0\r\nx-amz-checksum-sha256:${checksum}\r\n\r\n`
      expect((await putChunked(probe, { key, body, trailer: 'x-amz-checksum-sha256' })).status).toBe(200)
      const head = await probe.sendSigned({
        method: 'HEAD',
        path: probe.path(key),
        headers: { 'x-amz-checksum-mode': 'ENABLED' },
      })
      expect(head.headers['x-amz-checksum-sha256']).toBe(checksum)
    })

    test('a wrong checksum in the trailer is BadDigest, and nothing is stored', async () => {
      const probe = getProbe()
      const key = probe.key()
      const checksum = (await checksumsOf(Buffer.from('other')))['x-amz-checksum-crc32']
      const body = `${chunk(bytes.toString())}0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`
      expect(verdict(await putChunked(probe, { key, body, trailer: 'x-amz-checksum-crc32' }))).toEqual({
        status: 400,
        code: 'BadDigest',
      })
      expect(await probe.exists(key)).toBe(false)
    })

    test('an announced trailer that does not come is refused', async () => {
      const probe = getProbe()
      const key = probe.key()
      const answer = await putChunked(probe, {
        key,
        body: `${chunk(bytes.toString())}0\r\n\r\n`,
        trailer: 'x-amz-checksum-crc32',
      })
      expect(answer.status).toBe(400)
      expect(await probe.exists(key)).toBe(false)
    })

    test.each([
      ['ends before its last chunk', { body: chunk(bytes.toString()) }],
      ['is shorter than declared', { body: `${chunk('chunk')}0\r\n\r\n` }],
      ['is longer than declared', { body: `${chunk(`${bytes} and more`)}0\r\n\r\n` }],
      ['has a malformed chunk header', { body: `zz\r\n${bytes}\r\n0\r\n\r\n` }],
    ])('a body that %s is refused, and nothing is stored', async (_, { body }) => {
      const probe = getProbe()
      const key = probe.key()
      const answer = await putChunked(probe, { key, body })
      expect([answer.status, await probe.exists(key)]).toEqual([400, false])
    })

    test('signed chunks are accepted', async () => {
      const probe = getProbe()
      const key = probe.key()
      expect((await putSigned(probe, key, (signature) => signature)).status).toBe(200)
      expect((await probe.get(key)).equals(bytes)).toBe(true)
    })

    test('a chunk with a wrong signature is refused, and nothing is stored', async () => {
      const probe = getProbe()
      const key = probe.key()
      const answer = await putSigned(probe, key, (signature) => signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))
      expect(verdict(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
      expect(await probe.exists(key)).toBe(false)
    })
  })
}

/** STREAMING-AWS4-HMAC-SHA256-PAYLOAD by hand; `alter` gets the signature of the first chunk. */
async function putSigned(probe: Probe, key: string, alter: (signature: string) => string): Promise<RawAnswer> {
  const headers = {
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': String(bytes.length),
  }
  const request = await probe.sign({ method: 'PUT', path: probe.path(key), headers })
  const longDate = request.headers?.['x-amz-date'] ?? ''
  const seed = /Signature=(\w+)/.exec(request.headers?.['authorization'] ?? '')?.[1] ?? ''
  const sign = (previous: string, text: string) => chunkSignature(probe, longDate, previous, text)
  const first = sign(seed, 'chunk by ')
  const second = sign(first, 'chunk by chunk')
  const last = sign(second, '')
  const body = [
    `9;chunk-signature=${alter(first)}\r\nchunk by \r\n`,
    `e;chunk-signature=${second}\r\nchunk by chunk\r\n`,
    `0;chunk-signature=${last}\r\n\r\n`,
  ]
  return await probe.send({ ...request, body: Buffer.from(body.join('')) })
}

function chunkSignature(probe: Probe, longDate: string, previous: string, text: string): string {
  const { region, credentials } = probe.target
  const shortDate = longDate.slice(0, 8)
  const scope = [shortDate, region, 's3', 'aws4_request']
  const key = scope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  )
  const empty = createHash('sha256').digest('hex')
  const lines = ['AWS4-HMAC-SHA256-PAYLOAD', longDate, scope.join('/'), previous, empty, sha256HexOf(text)]
  return createHmac('sha256', key).update(lines.join('\n')).digest('hex')
}
