import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { refusalOf, verdict } from './probe.ts'

const ranges: readonly (readonly [range: string, text: string, contentRange: string])[] = [
  ['bytes=2-5', '2345', 'bytes 2-5/10'],
  ['bytes=0-0', '0', 'bytes 0-0/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=-3', '789', 'bytes 7-9/10'],
  ['bytes=-300', '0123456789', 'bytes 0-9/10'],
  ['bytes=8-300', '89', 'bytes 8-9/10'],
]

export function describeReads(getProbe: GetProbe): void {
  describe('reads', () => {
    test.each(ranges)('range %s', async (range, text, contentRange) => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, '0123456789')
      const part = await probe.client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key, Range: range }))
      const body = await part.Body?.transformToString()
      expect([body, part.ContentRange, part.ContentLength, part.$metadata.httpStatusCode]).toEqual([
        text,
        contentRange,
        text.length,
        206,
      ])
    })

    test.each(['bytes=10-', 'bytes=-0'])('range %s of ten bytes cannot be had', async (range) => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, '0123456789')
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(key), headers: { range } })
      expect(verdict(answer)).toEqual({ status: 416, code: 'InvalidRange' })
    })

    test('a range that makes no sense is ignored', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, '0123456789')
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(key), headers: { range: 'bytes=5-2' } })
      expect([answer.status, answer.body.toString()]).toEqual([200, '0123456789'])
    })

    test('a missing key is NoSuchKey, and 404 without a body for HEAD', async () => {
      const probe = getProbe()
      const path = probe.path(probe.key())
      expect(verdict(await probe.sendSigned({ method: 'GET', path }))).toEqual({ status: 404, code: 'NoSuchKey' })
      const head = await probe.sendSigned({ method: 'HEAD', path })
      expect([head.status, head.body.length]).toEqual([404, 0])
    })

    test('an error is XML with code, message, resource and request id', async () => {
      const probe = getProbe()
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(probe.key('x&y')) })
      expect(answer.headers['content-type']).toMatch(/^application\/xml/)
      expect(answer.headers['x-amz-request-id']).toBeTruthy()
      for (const name of ['Code', 'Message', 'Resource', 'RequestId']) expect(answer.body.toString()).toMatch(`<${name}>`)
    })

    test('a missing bucket is NoSuchBucket', async () => {
      const answer = await getProbe().sendSigned({ method: 'GET', path: '/no-such-bucket-of-ours/key' })
      expect(verdict(answer)).toEqual({ status: 404, code: 'NoSuchBucket' })
    })

    test('HEAD tells what GET would, without the bytes', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, '0123456789', { ContentType: 'text/plain' })
      const [get, head] = [
        new GetObjectCommand({ Bucket: probe.bucket, Key: key }),
        new HeadObjectCommand({ Bucket: probe.bucket, Key: key }),
      ]
      const [got, headed] = [await probe.client.send(get), await probe.client.send(head)]
      await got.Body?.transformToByteArray()
      const { ContentLength, ContentType, ETag, LastModified } = got
      expect(headed).toMatchObject({ ContentLength, ContentType, ETag, LastModified })
      expect(ContentLength).toBe(10)
    })

    test('If-None-Match with the ETag is 304 without a body', async () => {
      const probe = getProbe()
      const key = probe.key()
      const { ETag = '' } = await probe.put(key, 'x')
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(key), headers: { 'if-none-match': ETag } })
      expect([answer.status, answer.body.length]).toEqual([304, 0])
      const other = await probe.sendSigned({ method: 'GET', path: probe.path(key), headers: { 'if-none-match': '"other"' } })
      expect(other.status).toBe(200)
    })

    test('If-Match with another ETag is 412', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const get = new GetObjectCommand({ Bucket: probe.bucket, Key: key, IfMatch: '"00000000000000000000000000000000"' })
      expect(await refusalOf(probe.client.send(get))).toEqual({ code: 'PreconditionFailed', status: 412 })
    })

    test('If-Modified-Since the last change is 304', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const { LastModified } = await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))
      const headers = { 'if-modified-since': LastModified?.toUTCString() ?? '' }
      expect((await probe.sendSigned({ method: 'GET', path: probe.path(key), headers })).status).toBe(304)
    })

    test('a reader keeps the object that it began to read while another one replaces it', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, Buffer.alloc(8_000_000, 1))
      const reading = await probe.client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key, ChecksumMode: 'ENABLED' }))
      await probe.put(key, Buffer.alloc(8_000_000, 2))
      const bytes = Buffer.from((await reading.Body?.transformToByteArray()) ?? [])
      expect(bytes.equals(Buffer.alloc(8_000_000, 1))).toBe(true)
      expect((await probe.get(key)).equals(Buffer.alloc(8_000_000, 2))).toBe(true)
    })

    test('a presigned URL may override the content disposition', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const path = probe.path(key, '?response-content-disposition=attachment')
      expect((await probe.sendSigned({ method: 'GET', path })).headers['content-disposition']).toBe('attachment')
    })
  })
}
