import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { sha256Of } from './digests.ts'
import { refusalOf, verdict } from './probe.ts'

export function describeConditions(getProbe: GetProbe): void {
  describe('If-None-Match: *', () => {
    test('writes what is not there', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'first', { IfNoneMatch: '*' })
      expect((await probe.get(key)).toString()).toBe('first')
    })

    test('does not overwrite', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'first')
      expect(await refusalOf(probe.put(key, 'second', { IfNoneMatch: '*' }))).toEqual({ code: 'PreconditionFailed', status: 412 })
      expect((await probe.get(key)).toString()).toBe('first')
    })

    test('writes again after a delete', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'first')
      expect((await probe.sendSigned({ method: 'DELETE', path: probe.path(key) })).status).toBe(204)
      await probe.put(key, 'second', { IfNoneMatch: '*' })
      expect((await probe.get(key)).toString()).toBe('second')
    })

    test('lets one of many racing writers win, and its bytes stay', async () => {
      const probe = getProbe()
      const key = probe.key()
      const bodies = Array.from({ length: 12 }, (_, index) => Buffer.alloc(200_000, index + 1))
      const results = await Promise.allSettled(bodies.map((body) => probe.put(key, body, { IfNoneMatch: '*' })))
      const winners = bodies.filter((_, index) => results[index]?.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      const stored = await probe.get(key)
      expect(winners.map((winner) => winner.equals(stored))).toEqual([true])
    })

    test('is enforced by a presigned URL that was signed with it', async () => {
      const probe = getProbe()
      const key = probe.key()
      const path = await probe.presignPut({ Key: key, IfNoneMatch: '*', ContentLength: 3, ChecksumSHA256: sha256Of('abc') })
      const headers = { 'if-none-match': '*', 'x-amz-checksum-sha256': sha256Of('abc') }
      const put = () => probe.send({ method: 'PUT', path, headers, body: Buffer.from('abc') })
      expect((await put()).status).toBe(200)
      expect(verdict(await put())).toEqual({ status: 412, code: 'PreconditionFailed' })
    })

    test('cannot be left out of a presigned URL that was signed with it', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'old')
      const path = await probe.presignPut({ Key: key, IfNoneMatch: '*', ContentLength: 3 })
      expect(verdict(await probe.send({ method: 'PUT', path, body: Buffer.from('new') }))).toEqual({
        status: 403,
        code: 'SignatureDoesNotMatch',
      })
      expect((await probe.get(key)).toString()).toBe('old')
    })
  })
}
