import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  InvalidObjectState,
  RestoreObjectCommand,
  type Tier,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { type Probe, refusalOf, verdict } from './probe.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

async function putArchived(probe: Probe, body = 'frozen'): Promise<string> {
  const key = probe.key()
  await probe.put(key, body, { StorageClass: 'DEEP_ARCHIVE' })
  return key
}

async function restore(probe: Probe, key: string, tier: Tier = 'Bulk', days = 2): Promise<number | undefined> {
  const RestoreRequest = { Days: days, GlacierJobParameters: { Tier: tier } }
  const { $metadata } = await probe.client.send(new RestoreObjectCommand({ Bucket: probe.bucket, Key: key, RestoreRequest }))
  return $metadata.httpStatusCode
}

async function thawOf(probe: Probe, key: string): Promise<string | undefined> {
  return (await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))).Restore
}

const frozen = { code: 'InvalidObjectState', status: 403 }

/** Originals of class DEEP_ARCHIVE. The checks that wait for a thaw need an S3 whose clock can be moved. */
export function describeArchive(getProbe: GetProbe, options: { readonly thaws: boolean }): void {
  describe('an archived object', () => {
    test('is not given out, and the refusal says its storage class', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      const get = probe.client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key }))
      const error = await get.catch((refusal: unknown) => refusal)
      expect(error).toBeInstanceOf(InvalidObjectState)
      expect(error).toMatchObject({ StorageClass: 'DEEP_ARCHIVE' })
      const range = await probe.sendSigned({ method: 'GET', path: probe.path(key), headers: { range: 'bytes=0-0' } })
      expect(verdict(range)).toEqual(frozen)
    })

    test('tells its length and its storage class to a HEAD', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      const head = await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))
      expect(head).toMatchObject({ ContentLength: 6, StorageClass: 'DEEP_ARCHIVE' })
      expect(head.Restore).toBeUndefined()
    })

    test('is not overwritten by If-None-Match: *, and not copied', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      const again = probe.put(key, 'frozen', { IfNoneMatch: '*', StorageClass: 'DEEP_ARCHIVE' })
      expect(await refusalOf(again)).toEqual({ code: 'PreconditionFailed', status: 412 })
      const CopySource = `${probe.bucket}/${key}`
      const copy = probe.client.send(new CopyObjectCommand({ Bucket: probe.bucket, Key: probe.key(), CopySource }))
      expect((await refusalOf(copy)).status).toBe(403)
    })

    test('thaws when asked, once: asked again it says that it is at it', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      expect(await restore(probe, key)).toBe(202)
      expect(await thawOf(probe, key)).toBe('ongoing-request="true"')
      expect(await refusalOf(restore(probe, key))).toEqual({ code: 'RestoreAlreadyInProgress', status: 409 })
      expect(await refusalOf(probe.get(key))).toEqual(frozen)
    })

    test('there is no expedited thaw out of the deep archive, none of what is not archived, and none without days', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      expect(await refusalOf(restore(probe, key, 'Expedited'))).toEqual({ code: 'InvalidArgument', status: 400 })
      const warm = probe.key()
      for (const StorageClass of ['STANDARD', 'STANDARD_IA', 'GLACIER_IR'] as const) {
        await probe.put(warm, 'warm', { StorageClass })
        expect((await probe.get(warm)).toString()).toBe('warm')
        expect(await refusalOf(restore(probe, warm))).toEqual(frozen)
      }
      const without = {
        method: 'POST',
        path: probe.path(key, '?restore'),
        body: Buffer.from('<RestoreRequest></RestoreRequest>'),
      }
      expect((await probe.sendSigned(without)).status).toBe(400)
      expect(await thawOf(probe, key)).toBeUndefined()
    })

    test('asked for under a key that is not there, there is no such key', async () => {
      const probe = getProbe()
      expect(await refusalOf(restore(probe, probe.key()))).toEqual({ code: 'NoSuchKey', status: 404 })
    })

    test.skipIf(!options.thaws).each([
      ['Bulk', 48],
      ['Standard', 12],
    ] as const)(
      'by %s is thawed %i hours later, until midnight after its days, and can then be asked for again',
      async (...row) => {
        const probe = getProbe()
        const [tier, hours] = row
        const advance = clockOf(probe)
        const key = await putArchived(probe)
        await restore(probe, key, tier, 2)
        advance(hours * hourMs - 1)
        expect(await refusalOf(probe.get(key))).toEqual(frozen)
        const readyMs = advance(1)
        expect((await probe.get(key)).toString()).toBe('frozen')
        const expiryMs = Math.ceil((readyMs + 2 * dayMs) / dayMs) * dayMs
        const expected = `ongoing-request="false", expiry-date="${new Date(expiryMs).toUTCString()}"`
        expect(await thawOf(probe, key)).toBe(expected)
        const head = await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: key }))
        expect(head.StorageClass).toBe('DEEP_ARCHIVE')

        advance(expiryMs - readyMs)
        expect(await refusalOf(probe.get(key))).toEqual(frozen)
        expect(await thawOf(probe, key)).toBeUndefined()
        expect(await restore(probe, key, tier, 2)).toBe(202)
      },
    )

    test.skipIf(!options.thaws)('that is thawed stays for other days when asked again', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      await restore(probe, key, 'Standard', 1)
      const readyMs = clockOf(probe)(12 * hourMs)
      expect(await restore(probe, key, 'Standard', 30)).toBe(200)
      const expiryMs = Math.ceil((readyMs + 30 * dayMs) / dayMs) * dayMs
      expect(await thawOf(probe, key)).toContain(new Date(expiryMs).toUTCString())
      expect((await probe.get(key)).toString()).toBe('frozen')
    })

    test.skipIf(!options.thaws)('that is written anew is archived anew', async () => {
      const probe = getProbe()
      const key = await putArchived(probe)
      await restore(probe, key, 'Standard')
      clockOf(probe)(12 * hourMs)
      await probe.put(key, 'other', { StorageClass: 'DEEP_ARCHIVE' })
      expect(await refusalOf(probe.get(key))).toEqual(frozen)
    })
  })
}

function clockOf({ target }: Probe): (byMs: number) => number {
  if (target.advance === undefined) throw new Error('the clock of this S3 cannot be moved')
  return target.advance
}
