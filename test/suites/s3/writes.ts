import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { md5Of } from './digests.ts'
import { verdict } from './probe.ts'

export function describeWrites(getProbe: GetProbe): void {
  describe('writes', () => {
    test('what was put comes back byte for byte', async () => {
      const probe = getProbe()
      const key = probe.key()
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256))
      await probe.put(key, bytes)
      expect((await probe.get(key)).equals(bytes)).toBe(true)
    })

    test('an empty object is an object', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, '')
      expect(await probe.get(key)).toEqual(Buffer.alloc(0))
      expect((await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))).ContentLength).toBe(0)
    })

    test('a later put replaces an earlier one', async () => {
      const probe = getProbe()
      const key = probe.key()
      for (const text of ['first', 'second', 'third']) await probe.put(key, text)
      expect((await probe.get(key)).toString()).toBe('third')
    })

    test('the ETag of a plain put is the MD5 of its bytes', async () => {
      const probe = getProbe()
      expect((await probe.put(probe.key(), 'hello')).ETag).toBe(`"${md5Of('hello')}"`)
    })

    test('content type, headers, user metadata and storage class are kept', async () => {
      const probe = getProbe()
      const key = probe.key()
      const kept = {
        ContentType: 'image/jpeg',
        CacheControl: 'max-age=60',
        ContentDisposition: 'attachment; filename="a.jpg"',
        ContentLanguage: 'en',
        Metadata: { camera: 'X100', 'taken-at': '2021-06-01' },
        StorageClass: 'STANDARD_IA' as const,
      }
      await probe.put(key, 'x', kept)
      expect(await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))).toMatchObject(kept)
    })

    test('replacing an object replaces what is kept beside it', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x', { Metadata: { old: '1' }, ContentType: 'text/plain' })
      await probe.put(key, 'y', { Metadata: { fresh: '2' } })
      const head = await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))
      expect(head.Metadata).toEqual({ fresh: '2' })
    })

    test('a stream of known length goes through the SDK', async () => {
      const probe = getProbe()
      const key = probe.key()
      const chunks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(50_000, index))
      const Body = Readable.from(chunks)
      await probe.client.send(new PutObjectCommand({ Bucket: probe.bucket, Key: key, Body, ContentLength: 1_000_000 }))
      expect((await probe.get(key)).equals(Buffer.concat(chunks))).toBe(true)
    })

    test("lib-storage's Upload of a small stream", async () => {
      const probe = getProbe()
      const key = probe.key()
      const params = { Bucket: probe.bucket, Key: key, Body: Readable.from([Buffer.from('sm'), Buffer.from('all')]) }
      await new Upload({ client: probe.client, params }).done()
      expect((await probe.get(key)).toString()).toBe('small')
    })

    test("lib-storage's Upload of a stream in parts", async () => {
      const probe = getProbe()
      const key = probe.key()
      const chunks = Array.from({ length: 12 }, (_, index) => Buffer.alloc(1024 ** 2, index))
      await new Upload({ client: probe.client, params: { Bucket: probe.bucket, Key: key, Body: Readable.from(chunks) } }).done()
      expect((await probe.get(key)).equals(Buffer.concat(chunks))).toBe(true)
    })

    test('copy keeps the bytes and what is kept beside them', async () => {
      const probe = getProbe()
      const [from, to] = [probe.key('from +ü'), probe.key('to')]
      await probe.put(from, 'copied', { Metadata: { a: '1' }, ContentType: 'text/plain' })
      const CopySource = `${probe.bucket}/${encodeURIComponent(from)}`
      await probe.client.send(new CopyObjectCommand({ Bucket: probe.bucket, Key: to, CopySource }))
      const copy = await probe.client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: to }))
      expect([await copy.Body?.transformToString(), copy.Metadata, copy.ContentType]).toEqual([
        'copied',
        { a: '1' },
        'text/plain',
      ])
    })

    test('copy onto itself can replace the metadata', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'same', { Metadata: { a: '1' } })
      const replaced = { MetadataDirective: 'REPLACE', Metadata: { b: '2' }, CopySource: `${probe.bucket}/${key}` } as const
      await probe.client.send(new CopyObjectCommand({ Bucket: probe.bucket, Key: key, ...replaced }))
      const copy = await probe.client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key }))
      expect([await copy.Body?.transformToString(), copy.Metadata]).toEqual(['same', { b: '2' }])
    })

    test('a copy of what is not there is refused', async () => {
      const probe = getProbe()
      const headers = { 'x-amz-copy-source': `/${probe.bucket}/${probe.key('nothing')}` }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(probe.key()), headers })
      expect(verdict(answer)).toEqual({ status: 404, code: 'NoSuchKey' })
    })

    test('a put without a length is refused', async () => {
      const probe = getProbe()
      const key = probe.key()
      const signed = await probe.sign({ method: 'PUT', path: probe.path(key) })
      const answer = await probe.send({ ...signed, headers: { ...signed.headers, 'transfer-encoding': 'chunked' } })
      expect(verdict(answer)).toEqual({ status: 411, code: 'MissingContentLength' })
      expect(await probe.exists(key)).toBe(false)
    })

    test('a connection torn in the middle of the body stores nothing', async () => {
      const probe = getProbe()
      const key = probe.key()
      await sendHalf(probe, key)
      expect(await probe.exists(key)).toBe(false)
    })

    test('a connection torn in the middle of a replacement keeps the old object', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'old')
      await sendHalf(probe, key)
      expect((await probe.get(key)).toString()).toBe('old')
    })

    test('a refused put that waits for 100-continue never sends its body', async () => {
      const probe = getProbe()
      const path = await probe.presignPut({ Key: probe.key(), ContentLength: 4 }, { signedAt: new Date(Date.now() - 3600_000) })
      const { hostname, port, host } = new URL(probe.target.endpoint)
      const socket = connect(Number(port), hostname)
      socket.write(
        `PUT ${path.slice(new URL(path).origin.length)} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
      )
      const [first] = await firstChunk(socket)
      expect(first).toMatch(/^HTTP\/1.1 403 /)
    })
  })
}

async function firstChunk(socket: ReturnType<typeof connect>): Promise<readonly [string]> {
  return await new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve([chunk.toString()])
    })
  })
}

/** Sends half of a declared body, hangs up, and returns when the server has seen it: a later request is answered after it. */
async function sendHalf(probe: ReturnType<GetProbe>, key: string): Promise<void> {
  const { hostname, port } = new URL(probe.target.endpoint)
  const { headers = {} } = await probe.sign({ method: 'PUT', path: probe.path(key), headers: { 'content-length': '2000000' } })
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.write(`PUT ${probe.path(key)} HTTP/1.1\r\n${head.join('')}\r\n`)
    socket.write(Buffer.alloc(1_000_000), () => socket.destroy())
  })
}
