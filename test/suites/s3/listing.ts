import { ListObjectsCommand, ListObjectsV2Command, type ListObjectsV2CommandInput } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { type Probe, verdict } from './probe.ts'

async function putAll(probe: Probe, names: readonly string[]): Promise<string> {
  const folder = probe.key('')
  await Promise.all(names.map((name) => probe.put(`${folder}${name}`, name)))
  return folder
}

/** Names below the folder: keys and common prefixes of one page, each in order. */
async function page(probe: Probe, folder: string, input: Partial<ListObjectsV2CommandInput> = {}) {
  const output = await probe.client.send(new ListObjectsV2Command({ Bucket: probe.bucket, Prefix: folder, ...input }))
  return {
    keys: (output.Contents ?? []).map((object) => object.Key?.slice(folder.length)),
    prefixes: (output.CommonPrefixes ?? []).map((each) => each.Prefix?.slice(folder.length)),
    token: output.NextContinuationToken,
    isTruncated: output.IsTruncated,
    count: output.KeyCount,
  }
}

export function describeListing(getProbe: GetProbe): void {
  describe('listing', () => {
    test('is in the order of the bytes of the keys', async () => {
      const probe = getProbe()
      const names = ['a', 'B', 'a/b', 'ä', 'a!', 'z', '\u{1f4f7}', '\uffee', 'a0']
      const folder = await putAll(probe, names)
      const sorted = [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      expect((await page(probe, folder)).keys).toEqual(sorted)
    })

    test('tells size, ETag, time and storage class', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, [])
      const { ETag } = await probe.put(`${folder}one`, 'four', { StorageClass: 'STANDARD_IA' })
      const { Contents } = await probe.client.send(new ListObjectsV2Command({ Bucket: probe.bucket, Prefix: folder }))
      expect(Contents).toMatchObject([{ Key: `${folder}one`, Size: 4, ETag, StorageClass: 'STANDARD_IA' }])
      expect(Contents?.[0]?.LastModified).toBeInstanceOf(Date)
    })

    test('of nothing is empty', async () => {
      const probe = getProbe()
      expect(await page(probe, probe.key('nothing/'))).toEqual({
        keys: [],
        prefixes: [],
        token: undefined,
        isTruncated: false,
        count: 0,
      })
    })

    test('a prefix need not end at a slash', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['photo1', 'photo2', 'phone', 'video'])
      expect((await page(probe, folder, { Prefix: `${folder}photo` })).keys).toEqual(['photo1', 'photo2'])
    })

    test('pages add up to everything, once', async () => {
      const probe = getProbe()
      const names = Array.from({ length: 25 }, (_, index) => `n${String(index).padStart(2, '0')}`)
      const folder = await putAll(probe, names)
      const pages: (string | undefined)[][] = []
      let token: string | undefined
      do {
        const { keys, token: next } = await page(probe, folder, { MaxKeys: 7, ...(token && { ContinuationToken: token }) })
        pages.push(keys)
        token = next
      } while (token !== undefined)
      expect(pages.map((keys) => keys.length)).toEqual([7, 7, 7, 4])
      expect(pages.flat()).toEqual(names)
    })

    test('a page that holds exactly the rest is not truncated', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['a', 'b', 'c'])
      expect(await page(probe, folder, { MaxKeys: 3 })).toMatchObject({
        keys: ['a', 'b', 'c'],
        isTruncated: false,
        token: undefined,
      })
      expect(await page(probe, folder, { MaxKeys: 0 })).toMatchObject({ keys: [], isTruncated: false })
    })

    test('StartAfter skips what comes before it and itself', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['a', 'b', 'c'])
      expect((await page(probe, folder, { StartAfter: `${folder}b` })).keys).toEqual(['c'])
      expect((await page(probe, folder, { StartAfter: `${folder}bb` })).keys).toEqual(['c'])
    })

    test('a delimiter rolls up what lies behind it', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e/1'])
      expect(await page(probe, folder, { Delimiter: '/' })).toMatchObject({ keys: ['a', 'd'], prefixes: ['b/', 'e/'], count: 4 })
      expect(await page(probe, `${folder}b/`, { Delimiter: '/' })).toMatchObject({ keys: ['1', '2'], prefixes: ['c/'] })
    })

    test('pages with a delimiter tell each common prefix once', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['a/1', 'a/2', 'b', 'c/1', 'c/2', 'd'])
      const seen: unknown[] = []
      let token: string | undefined
      do {
        const {
          keys,
          prefixes,
          token: next,
        } = await page(probe, folder, { Delimiter: '/', MaxKeys: 1, ...(token && { ContinuationToken: token }) })
        seen.push(...keys, ...prefixes)
        token = next
      } while (token !== undefined)
      expect(seen).toEqual(['a/', 'b', 'c/', 'd'])
    })

    test('encoding-type=url encodes keys', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['ü\u0001&<.jpg'])
      const encoded = await page(probe, folder, { EncodingType: 'url' })
      expect(encoded.keys).toEqual(['%C3%BC%01%26%3C.jpg'])
    })

    test('the older ListObjects pages by marker', async () => {
      const probe = getProbe()
      const folder = await putAll(probe, ['a', 'b/1', 'b/2', 'c'])
      const seen: unknown[] = []
      let Marker: string | undefined
      do {
        const output = await probe.client.send(
          new ListObjectsCommand({ Bucket: probe.bucket, Prefix: folder, Delimiter: '/', MaxKeys: 1, ...(Marker && { Marker }) }),
        )
        seen.push(...(output.Contents ?? []).map((each) => each.Key), ...(output.CommonPrefixes ?? []).map((each) => each.Prefix))
        Marker = output.NextMarker
      } while (Marker !== undefined)
      expect(seen).toEqual(['a', 'b/', 'c'].map((name) => `${folder}${name}`))
    })

    test('a continuation token that is none is refused', async () => {
      const probe = getProbe()
      const path = `/${probe.bucket}?list-type=2&continuation-token=%21%21`
      expect(verdict(await probe.sendSigned({ method: 'GET', path }))).toEqual({ status: 400, code: 'InvalidArgument' })
    })
  })
}
