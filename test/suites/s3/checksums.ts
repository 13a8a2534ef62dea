import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { checksumsOf, md5Of, sha256HexOf, sha256Of } from './digests.ts'
import { refusalOf, verdict } from './probe.ts'

const algorithms = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const
const bytes = Buffer.from('bytes of a photo')
const otherBytes = Buffer.from('bytes of a ph0to')

export function describeChecksums(getProbe: GetProbe): void {
  describe('checksums', () => {
    test.each(algorithms)('a right x-amz-checksum-%s is accepted and told again', async (algorithm) => {
      const probe = getProbe()
      const path = probe.path(probe.key())
      const name = `x-amz-checksum-${algorithm}`
      const value = (await checksumsOf(bytes))[name] ?? ''
      const put = await probe.sendSigned({ method: 'PUT', path, headers: { [name]: value }, body: bytes })
      expect([put.status, put.headers[name]]).toEqual([200, value])
      const head = await probe.sendSigned({ method: 'HEAD', path, headers: { 'x-amz-checksum-mode': 'ENABLED' } })
      expect(head.headers[name]).toBe(value)
      expect((await probe.sendSigned({ method: 'HEAD', path })).headers[name]).toBeUndefined()
    })

    test.each(algorithms)('a wrong x-amz-checksum-%s is BadDigest, and nothing is stored', async (algorithm) => {
      const probe = getProbe()
      const key = probe.key()
      const name = `x-amz-checksum-${algorithm}`
      const headers = { [name]: (await checksumsOf(otherBytes))[name] ?? '' }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(key), headers, body: bytes })
      expect(verdict(answer)).toEqual({ status: 400, code: 'BadDigest' })
      expect(await probe.exists(key)).toBe(false)
    })

    test('a wrong checksum leaves the object of before', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'old')
      const put = new PutObjectCommand({ Bucket: probe.bucket, Key: key, Body: bytes, ChecksumSHA256: sha256Of(otherBytes) })
      expect((await refusalOf(probe.client.send(put))).status).toBe(400)
      expect((await probe.get(key)).toString()).toBe('old')
    })

    test('a checksum that is none is InvalidRequest', async () => {
      const probe = getProbe()
      const headers = { 'x-amz-checksum-sha256': 'bm90IGEgaGFzaA==' }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(probe.key()), headers, body: bytes })
      expect(verdict(answer)).toEqual({ status: 400, code: 'InvalidRequest' })
    })

    test('two checksums at once are InvalidRequest', async () => {
      const probe = getProbe()
      const { 'x-amz-checksum-sha1': sha1 = '', 'x-amz-checksum-sha256': sha256 = '' } = await checksumsOf(bytes)
      const headers = { 'x-amz-checksum-sha1': sha1, 'x-amz-checksum-sha256': sha256 }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(probe.key()), headers, body: bytes })
      expect(verdict(answer)).toEqual({ status: 400, code: 'InvalidRequest' })
    })

    test('a right Content-MD5 is accepted, a wrong one is BadDigest', async () => {
      const probe = getProbe()
      const [right, wrong] = [probe.key(), probe.key()]
      await probe.put(right, bytes, { ContentMD5: md5Of(bytes, 'base64') })
      expect(await refusalOf(probe.put(wrong, bytes, { ContentMD5: md5Of(otherBytes, 'base64') }))).toEqual({
        code: 'BadDigest',
        status: 400,
      })
      expect([await probe.exists(right), await probe.exists(wrong)]).toEqual([true, false])
    })

    test('a Content-MD5 that is none is InvalidDigest', async () => {
      const probe = getProbe()
      const answer = await probe.sendSigned({
        method: 'PUT',
        path: probe.path(probe.key()),
        headers: { 'content-md5': 'bm9uZQ==' },
        body: bytes,
      })
      expect(verdict(answer)).toEqual({ status: 400, code: 'InvalidDigest' })
    })

    test('a signed payload hash is enforced', async () => {
      const probe = getProbe()
      const [right, wrong] = [probe.key(), probe.key()]
      const put = (key: string, hash: string) =>
        probe.sendSigned({ method: 'PUT', path: probe.path(key), headers: { 'x-amz-content-sha256': hash }, body: bytes })
      expect((await put(right, sha256HexOf(bytes))).status).toBe(200)
      expect(verdict(await put(wrong, sha256HexOf(otherBytes)))).toEqual({ status: 400, code: 'XAmzContentSHA256Mismatch' })
      expect([await probe.exists(right), await probe.exists(wrong)]).toEqual([true, false])
    })

    test('a presigned PUT takes only the bytes whose SHA-256 was signed', async () => {
      const probe = getProbe()
      const key = probe.key()
      const checksum = sha256Of(bytes)
      const path = await probe.presignPut({ Key: key, ContentLength: bytes.length, ChecksumSHA256: checksum })
      const headers = { 'x-amz-checksum-sha256': checksum }
      expect(verdict(await probe.send({ method: 'PUT', path, headers, body: otherBytes }))).toEqual({
        status: 400,
        code: 'BadDigest',
      })
      expect(await probe.exists(key)).toBe(false)
      expect((await probe.send({ method: 'PUT', path, headers, body: bytes })).status).toBe(200)
      expect((await probe.get(key)).equals(bytes)).toBe(true)
    })

    test('a presigned PUT does not take another checksum, nor none', async () => {
      const probe = getProbe()
      const key = probe.key()
      const path = await probe.presignPut({ Key: key, ContentLength: bytes.length, ChecksumSHA256: sha256Of(bytes) })
      const headers = { 'x-amz-checksum-sha256': sha256Of(otherBytes) }
      expect((await probe.send({ method: 'PUT', path, headers, body: otherBytes })).status).toBe(403)
      expect((await probe.send({ method: 'PUT', path, body: otherBytes })).status).toBe(403)
      expect(await probe.exists(key)).toBe(false)
    })

    test('the SDK verifies on the way down what it sent on the way up', async () => {
      const probe = getProbe()
      const key = probe.key()
      const { ChecksumCRC32 } = await probe.put(key, bytes)
      expect(ChecksumCRC32).toBe((await checksumsOf(bytes))['x-amz-checksum-crc32'])
      const get = await probe.client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key, ChecksumMode: 'ENABLED' }))
      expect([get.ChecksumCRC32, await get.Body?.transformToString()]).toEqual([ChecksumCRC32, bytes.toString()])
    })

    test('a checksum is not told for a part of an object', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, bytes)
      const part = await probe.sendSigned({
        method: 'GET',
        path: probe.path(key),
        headers: { range: 'bytes=0-3', 'x-amz-checksum-mode': 'ENABLED' },
      })
      expect([part.status, part.headers['x-amz-checksum-crc32']]).toEqual([206, undefined])
      const head = await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key, ChecksumMode: 'ENABLED' }))
      expect(head.ChecksumType).toBe('FULL_OBJECT')
    })
  })
}
