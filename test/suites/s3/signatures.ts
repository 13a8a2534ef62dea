import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { verdict } from './probe.ts'

const minuteMs = 60_000

export function describeSignatures(getProbe: GetProbe): void {
  describe('signatures in the header', () => {
    test('an anonymous request is refused', async () => {
      const probe = getProbe()
      expect(verdict(await probe.send({ method: 'GET', path: probe.path(probe.key()) }))).toEqual({
        status: 403,
        code: 'AccessDenied',
      })
    })

    test('a wrong secret is refused', async () => {
      const probe = getProbe()
      const credentials = { ...probe.target.credentials, secretAccessKey: 'wrong' }
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(probe.key()) }, { credentials })
      expect(verdict(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
    })

    test('an unknown access key is refused', async () => {
      const probe = getProbe()
      const credentials = { ...probe.target.credentials, accessKeyId: 'AKIANOBODYKNOWSTHISONE' }
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(probe.key()) }, { credentials })
      expect(verdict(answer)).toEqual({ status: 403, code: 'InvalidAccessKeyId' })
    })

    test('another key than the signed one is refused', async () => {
      const probe = getProbe()
      const signed = await probe.sign({ method: 'PUT', path: probe.path(probe.key('mine')) })
      const key = probe.key('another')
      const answer = await probe.send({ ...signed, path: probe.path(key), body: Buffer.from('x') })
      expect(verdict(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
      expect(await probe.exists(key)).toBe(false)
    })

    test('another method than the signed one is refused', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const signed = await probe.sign({ method: 'GET', path: probe.path(key) })
      expect(verdict(await probe.send({ ...signed, method: 'DELETE' }))).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
      expect(await probe.exists(key)).toBe(true)
    })

    test('an altered signed header is refused', async () => {
      const probe = getProbe()
      const signed = await probe.sign({ method: 'PUT', path: probe.path(probe.key()), headers: { 'x-amz-meta-a': '1' } })
      const answer = await probe.send({ ...signed, headers: { ...signed.headers, 'x-amz-meta-a': '2' }, body: Buffer.from('x') })
      expect(verdict(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
    })

    test('an x-amz header that is not signed is refused', async () => {
      const probe = getProbe()
      const signed = await probe.sign({ method: 'PUT', path: probe.path(probe.key()) })
      const answer = await probe.send({ ...signed, headers: { ...signed.headers, 'x-amz-meta-a': '1' }, body: Buffer.from('x') })
      expect(verdict(answer)).toEqual({ status: 403, code: 'AccessDenied' })
    })

    test.each([-20, 20])('a request signed %d minutes off is refused', async (minutes) => {
      const probe = getProbe()
      const signedAt = new Date(Date.now() + minutes * minuteMs)
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(probe.key()) }, { signedAt })
      expect(verdict(answer)).toEqual({ status: 403, code: 'RequestTimeTooSkewed' })
    })

    test.each([{ region: 'eu-nowhere-7' }, { service: 'dynamodb' }])('a signature for %o is refused', async (scope) => {
      const probe = getProbe()
      const answer = await probe.sendSigned({ method: 'GET', path: probe.path(probe.key()) }, scope)
      expect(verdict(answer)).toEqual({ status: 400, code: 'AuthorizationHeaderMalformed' })
    })

    test('an older signature version is refused', async () => {
      const probe = getProbe()
      const headers = { authorization: 'AWS AKIAEMBEDDEDTEST:AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }
      expect((await probe.send({ method: 'GET', path: probe.path(probe.key()), headers })).status).toBeGreaterThanOrEqual(400)
    })
  })

  describe('presigned URLs', () => {
    test('GET and PUT work without further credentials', async () => {
      const probe = getProbe()
      const key = probe.key("a b+ü'(1)*.jpg")
      const path = await probe.presignPut({ Key: key, ContentLength: 4 })
      expect((await probe.send({ method: 'PUT', path, body: Buffer.from('four') })).status).toBe(200)
      const get = await probe.send({ method: 'GET', path: await probe.presignGet(key) })
      expect([get.status, get.body.toString()]).toEqual([200, 'four'])
    })

    test('an expired one is refused', async () => {
      const probe = getProbe()
      const path = await probe.presignGet(probe.key(), { signedAt: new Date(Date.now() - 10 * minuteMs), expiresIn: 300 })
      expect(verdict(await probe.send({ method: 'GET', path }))).toEqual({ status: 403, code: 'AccessDenied' })
    })

    test('one that was signed for later is refused', async () => {
      const probe = getProbe()
      const path = await probe.presignGet(probe.key(), { signedAt: new Date(Date.now() + 60 * minuteMs) })
      expect(verdict(await probe.send({ method: 'GET', path }))).toEqual({ status: 403, code: 'AccessDenied' })
    })

    test('an expiry that was lengthened afterwards is refused', async () => {
      const probe = getProbe()
      const path = await probe.presignGet(probe.key(), { expiresIn: 300 })
      const answer = await probe.send({ method: 'GET', path: path.replace('X-Amz-Expires=300', 'X-Amz-Expires=3000') })
      expect(verdict(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
    })

    test('an expiry of more than a week is refused', async () => {
      const probe = getProbe()
      const path = await probe.presignGet(probe.key(), { expiresIn: 300 })
      const answer = await probe.send({ method: 'GET', path: path.replace('X-Amz-Expires=300', 'X-Amz-Expires=604801') })
      expect(verdict(answer)).toEqual({ status: 400, code: 'AuthorizationQueryParametersError' })
    })

    test('a tampered key is refused', async () => {
      const probe = getProbe()
      const key = probe.key('tampered')
      await probe.put(key, 'secret')
      const path = (await probe.presignGet(probe.key('mine'))).replace(/promises\/[^?]*/, key)
      expect(verdict(await probe.send({ method: 'GET', path }))).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
    })

    test('another method is refused', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const path = await probe.presignGet(key)
      expect(verdict(await probe.send({ method: 'DELETE', path }))).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
    })

    test('another length than the signed one is refused', async () => {
      const probe = getProbe()
      const key = probe.key()
      const path = await probe.presignPut({ Key: key, ContentLength: 4 })
      const answer = await probe.send({ method: 'PUT', path, body: Buffer.from('longer') })
      expect(verdict(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
      expect(await probe.exists(key)).toBe(false)
    })

    test('an added parameter is refused', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const path = `${await probe.presignGet(key)}&response-content-type=text%2Fhtml`
      expect(verdict(await probe.send({ method: 'GET', path }))).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
    })

    test('an added x-amz header is refused', async () => {
      const probe = getProbe()
      const path = await probe.presignPut({ Key: probe.key(), ContentLength: 1 })
      const headers = { 'x-amz-storage-class': 'GLACIER' }
      expect(verdict(await probe.send({ method: 'PUT', path, headers, body: Buffer.from('x') }))).toEqual({
        status: 403,
        code: 'AccessDenied',
      })
    })
  })
}
