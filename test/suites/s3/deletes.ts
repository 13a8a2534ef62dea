import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { md5Of } from './digests.ts'
import { verdict } from './probe.ts'

export function describeDeletes(getProbe: GetProbe): void {
  describe('deletes', () => {
    test('what was deleted is gone; deleting it again is fine', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      for (const _ of [1, 2]) {
        const { $metadata } = await probe.client.send(new DeleteObjectCommand({ Bucket: probe.bucket, Key: key }))
        expect($metadata.httpStatusCode).toBe(204)
      }
      expect(await probe.exists(key)).toBe(false)
    })

    test('deleting a key leaves those that begin with it', async () => {
      const probe = getProbe()
      const folder = probe.key('')
      for (const name of ['a', 'a/b', 'ab']) await probe.put(`${folder}${name}`, name)
      await probe.client.send(new DeleteObjectCommand({ Bucket: probe.bucket, Key: `${folder}a` }))
      expect([await probe.exists(`${folder}a`), await probe.exists(`${folder}a/b`), await probe.exists(`${folder}ab`)]).toEqual([
        false,
        true,
        true,
      ])
    })

    test('many at once, odd keys and missing ones among them', async () => {
      const probe = getProbe()
      const keys = ['a', 'b & <c>', 'ü', 'missing'].map((name) => probe.key(name))
      for (const key of keys.slice(0, -1)) await probe.put(key, 'x')
      const Delete = { Objects: keys.map((Key) => ({ Key })) }
      const { Deleted, Errors } = await probe.client.send(new DeleteObjectsCommand({ Bucket: probe.bucket, Delete }))
      expect([Deleted?.map((each) => each.Key).sort(), Errors]).toEqual([[...keys].sort(), undefined])
      for (const key of keys) expect(await probe.exists(key)).toBe(false)
    })

    test('many at once, quietly, tells only of errors', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const Delete = { Objects: [{ Key: key }], Quiet: true }
      const { Deleted, Errors } = await probe.client.send(new DeleteObjectsCommand({ Bucket: probe.bucket, Delete }))
      expect([Deleted, Errors, await probe.exists(key)]).toEqual([undefined, undefined, false])
    })

    test.each(['<Delete><Object><Key>a</Key></Object>', 'no xml', '<Delete></Delete>'])('%j is MalformedXML', async (text) => {
      const probe = getProbe()
      const body = Buffer.from(text)
      const headers = { 'content-md5': md5Of(body, 'base64') }
      const answer = await probe.sendSigned({ method: 'POST', path: `/${probe.bucket}?delete=`, headers, body })
      expect(verdict(answer)).toEqual({ status: 400, code: 'MalformedXML' })
    })

    test('a list of keys that arrives altered deletes nothing', async () => {
      const probe = getProbe()
      const key = probe.key()
      await probe.put(key, 'x')
      const body = Buffer.from(`<Delete><Object><Key>${key}</Key></Object></Delete>`)
      const headers = { 'content-md5': md5Of('other', 'base64') }
      const answer = await probe.sendSigned({ method: 'POST', path: `/${probe.bucket}?delete=`, headers, body })
      expect([verdict(answer), await probe.exists(key)]).toEqual([{ status: 400, code: 'BadDigest' }, true])
    })
  })
}
