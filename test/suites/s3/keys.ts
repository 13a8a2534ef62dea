import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { verdict } from './probe.ts'

const oddNames: readonly string[] = [
  'a b.jpg',
  'a+b.jpg',
  'a%2Fb.jpg',
  'a%2fb%.jpg',
  'quote\'and"(1)*!.jpg',
  'ü-composed \u00fc and decomposed u\u0308',
  '\u{1f4f7} 写真.jpg',
  '../up',
  './here',
  'a/../b',
  'a/./b',
  '..',
  '.photos/records',
  '//double//slashes',
  'trailing/',
  'a\\b',
  'tab\tand\nnewline',
  '\u0001control',
  'a?b=c&d#e',
  'CON.jpg',
  '~tilde~1',
  `${'long'.repeat(60)}.jpg`,
  '<xml>&amp;</xml>',
]

export function describeKeys(getProbe: GetProbe): void {
  describe('keys', () => {
    test.each(oddNames)('%j is a key like any other', async (name) => {
      const probe = getProbe()
      const folder = probe.key('')
      const key = `${folder}${name}`
      await probe.put(key, name)
      expect((await probe.get(key)).toString()).toBe(name)
      const { Contents } = await probe.client.send(new ListObjectsV2Command({ Bucket: probe.bucket, Prefix: folder }))
      expect(Contents?.map((object) => object.Key)).toEqual([key])
      const get = await probe.send({ method: 'GET', path: await probe.presignGet(key) })
      expect(get.body.toString()).toBe(name)
    })

    test('keys that differ in case or in Unicode form are different', async () => {
      const probe = getProbe()
      const folder = probe.key('')
      const names = ['photo.JPG', 'photo.jpg', 'Photo.jpg', '\u00fc.jpg', 'u\u0308.jpg', '%c3%bc.jpg', 'a%2fb', 'a/b']
      for (const name of names) await probe.put(`${folder}${name}`, name)
      for (const name of names) expect((await probe.get(`${folder}${name}`)).toString()).toBe(name)
    })

    test('a key may be the beginning of another, in either order', async () => {
      const probe = getProbe()
      const folder = probe.key('')
      const names = ['a/b/c', 'a', 'a/b', 'x.y', 'x.y/z', 'a/', 'a//']
      for (const name of names) await probe.put(`${folder}${name}`, name)
      for (const name of names) expect((await probe.get(`${folder}${name}`)).toString()).toBe(name)
    })

    test('a key of 1024 bytes is taken, one of 1025 is not', async () => {
      const probe = getProbe()
      const folder = probe.key('')
      const exact = folder + 'ü'.repeat((1024 - folder.length) / 2) + 'x'.repeat(folder.length % 2)
      await probe.put(exact, 'long')
      expect((await probe.get(exact)).toString()).toBe('long')
      const answer = await probe.sendSigned({ method: 'PUT', path: probe.path(`${exact}y`), body: Buffer.from('x') })
      expect(verdict(answer)).toEqual({ status: 400, code: 'KeyTooLongError' })
    })
  })
}
