import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { verdict } from './probe.ts'

export function describeRefusals(getProbe: GetProbe): void {
  describe('what is not implemented is refused, never done by halves', () => {
    test.each([
      ['PUT', '?tagging='],
      ['PUT', '?acl='],
      ['GET', '?versionId=1'],
      ['GET', '?torrent='],
      ['POST', '?select='],
      ['PUT', '?retention='],
    ])('%s of an object with %s', async (method, query) => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const answer = await probe.sendSigned({ method, path: probe.path(key, query), body: Buffer.from('<x/>') })
      expect(verdict(answer)).toEqual({ status: 501, code: 'NotImplemented' })
      expect((await probe.get(key)).toString()).toBe('x')
    })

    test.each([
      'x-amz-server-side-encryption-customer-algorithm',
      'x-amz-object-lock-mode',
      'x-amz-tagging',
      'x-amz-website-redirect-location',
    ])('a put with %s', async (name) => {
      const probe = getProbe()
      const key = probe.key()
      const answer = await probe.sendSigned({
        method: 'PUT',
        path: probe.path(key),
        headers: { [name]: 'x' },
        body: Buffer.from('x'),
      })
      expect([verdict(answer), await probe.exists(key)]).toEqual([{ status: 501, code: 'NotImplemented' }, false])
    })

    test('a put of more than 5 GiB is EntityTooLarge', async () => {
      const probe = getProbe()
      const headers = { 'content-length': String(5 * 1024 ** 3 + 1), expect: '100-continue' }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(probe.key()), headers })
      expect(verdict(answer)).toEqual({ status: 400, code: 'EntityTooLarge' })
    })

    test('a storage class that does not exist', async () => {
      const probe = getProbe()
      const headers = { 'x-amz-storage-class': 'ATTIC' }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(probe.key()), headers, body: Buffer.from('x') })
      expect(verdict(answer)).toEqual({ status: 400, code: 'InvalidStorageClass' })
    })

    test('more than 2 kB of user metadata', async () => {
      const probe = getProbe()
      const headers = { 'x-amz-meta-a': 'x'.repeat(2050) }
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(probe.key()), headers, body: Buffer.from('x') })
      expect(verdict(answer)).toEqual({ status: 400, code: 'MetadataTooLarge' })
    })
  })
}
