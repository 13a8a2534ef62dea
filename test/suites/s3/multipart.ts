import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { md5Of, sha256Of } from './digests.ts'
import { type Probe, refusalOf } from './probe.ts'

const partBytes = 5 * 1024 ** 2
const full = (fill: number) => Buffer.alloc(partBytes, fill)

/** One upload through the SDK; plain parts, unless it was begun with SHA-256. */
class TestUpload {
  readonly probe: Probe
  readonly key: string
  readonly uploadId: string
  readonly isHashed: boolean

  private constructor(probe: Probe, key: string, uploadId: string, isHashed: boolean) {
    this.probe = probe
    this.key = key
    this.uploadId = uploadId
    this.isHashed = isHashed
  }

  static async create(probe: Probe, input: Partial<CreateMultipartUploadCommandInput> = {}): Promise<TestUpload> {
    const key = probe.key('multipart')
    const client = probe.clientWith(probe.target.credentials, 'WHEN_REQUIRED')
    const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket: probe.bucket, Key: key, ...input }))
    return new TestUpload(probe, key, UploadId, input.ChecksumAlgorithm === 'SHA256')
  }

  get names() {
    return { Bucket: this.probe.bucket, Key: this.key, UploadId: this.uploadId }
  }

  async part(PartNumber: number, Body: Buffer): Promise<CompletedPart> {
    const checksum = this.isHashed ? { ChecksumSHA256: sha256Of(Body) } : {}
    const client = this.probe.clientWith(this.probe.target.credentials, 'WHEN_REQUIRED')
    const { ETag = '' } = await client.send(new UploadPartCommand({ ...this.names, PartNumber, Body, ...checksum }))
    return { PartNumber, ETag, ...checksum }
  }

  async complete(Parts: readonly CompletedPart[], more: { readonly IfNoneMatch?: string } = {}) {
    const command = new CompleteMultipartUploadCommand({ ...this.names, MultipartUpload: { Parts: [...Parts] }, ...more })
    return await this.probe.client.send(command)
  }
}

export function describeMultipart(getProbe: GetProbe): void {
  describe('multipart uploads', () => {
    test('parts that arrive out of order become one object in the right order', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      const third = await upload.part(3, Buffer.from('end'))
      const first = await upload.part(1, full(1))
      const second = await upload.part(2, full(2))
      expect(await probe.exists(upload.key)).toBe(false)
      const { ETag } = await upload.complete([first, second, third])
      const bytes = Buffer.concat([full(1), full(2), Buffer.from('end')])
      expect((await probe.get(upload.key)).equals(bytes)).toBe(true)
      const digests = [full(1), full(2), Buffer.from('end')].map((part) => Buffer.from(md5Of(part), 'hex'))
      expect(ETag).toBe(`"${md5Of(Buffer.concat(digests))}-3"`)
    })

    test('keep content type, user metadata and storage class', async () => {
      const probe = getProbe()
      const kept = { ContentType: 'video/mp4', Metadata: { camera: 'X100' }, StorageClass: 'STANDARD_IA' as const }
      const upload = await TestUpload.create(probe, kept)
      await upload.complete([await upload.part(1, Buffer.from('one'))])
      expect(await probe.client.send(new HeadObjectCommand({ Bucket: probe.bucket, Key: upload.key }))).toMatchObject(kept)
    })

    test('a part that is sent again replaces the first one', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      const old = await upload.part(1, Buffer.from('old'))
      const fresh = await upload.part(1, Buffer.from('new'))
      expect((await refusalOf(upload.complete([old]))).code).toBe('InvalidPart')
      await upload.complete([fresh])
      expect((await probe.get(upload.key)).toString()).toBe('new')
    })

    test('only the parts that are named become the object', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      await upload.part(1, full(1))
      const second = await upload.part(2, Buffer.from('second'))
      await upload.complete([second])
      expect((await probe.get(upload.key)).toString()).toBe('second')
    })

    test('a part that was never sent is InvalidPart', async () => {
      const upload = await TestUpload.create(getProbe())
      const first = await upload.part(1, full(1))
      const missing = { PartNumber: 2, ETag: first.ETag }
      expect(await refusalOf(upload.complete([first, missing]))).toEqual({ code: 'InvalidPart', status: 400 })
      expect(await getProbe().exists(upload.key)).toBe(false)
    })

    test('a wrong ETag is InvalidPart', async () => {
      const upload = await TestUpload.create(getProbe())
      await upload.part(1, Buffer.from('x'))
      const wrong = { PartNumber: 1, ETag: `"${md5Of('other')}"` }
      expect(await refusalOf(upload.complete([wrong]))).toEqual({ code: 'InvalidPart', status: 400 })
    })

    test('parts that are named out of order are InvalidPartOrder', async () => {
      const upload = await TestUpload.create(getProbe())
      const parts = [await upload.part(1, full(1)), await upload.part(2, full(2))]
      expect(await refusalOf(upload.complete(parts.reverse()))).toEqual({ code: 'InvalidPartOrder', status: 400 })
    })

    test('a small part that is not the last is EntityTooSmall', async () => {
      const upload = await TestUpload.create(getProbe())
      const parts = [await upload.part(1, Buffer.from('small')), await upload.part(2, Buffer.from('last'))]
      expect(await refusalOf(upload.complete(parts))).toEqual({ code: 'EntityTooSmall', status: 400 })
    })

    test('a failed completion can be mended', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      const first = await upload.part(1, full(1))
      await refusalOf(upload.complete([first, { PartNumber: 2, ETag: first.ETag }]))
      await upload.complete([first, await upload.part(2, Buffer.from('tail'))])
      expect((await probe.get(upload.key)).length).toBe(partBytes + 4)
    })

    test('completing again gives the same answer', async () => {
      const upload = await TestUpload.create(getProbe())
      const parts = [await upload.part(1, Buffer.from('x'))]
      const { ETag } = await upload.complete(parts)
      expect((await upload.complete(parts)).ETag).toBe(ETag)
    })

    test('a part with a wrong SHA-256 is refused', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe, { ChecksumAlgorithm: 'SHA256' })
      const wrong = { ...upload.names, PartNumber: 1, Body: Buffer.from('x'), ChecksumSHA256: sha256Of('y') }
      expect(await refusalOf(probe.client.send(new UploadPartCommand(wrong)))).toEqual({ code: 'BadDigest', status: 400 })
      const { Parts } = await probe.client.send(new ListPartsCommand(upload.names))
      expect(Parts).toBeUndefined()
    })

    test('SHA-256 of an upload is the SHA-256 of its parts', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe, { ChecksumAlgorithm: 'SHA256' })
      const parts = [await upload.part(1, full(1)), await upload.part(2, Buffer.from('end'))]
      const digests = [full(1), Buffer.from('end')].map((part) => Buffer.from(sha256Of(part), 'base64'))
      const composite = `${createHash('sha256').update(Buffer.concat(digests)).digest('base64')}-2`
      expect((await upload.complete(parts)).ChecksumSHA256).toBe(composite)
      const head = await probe.client.send(
        new HeadObjectCommand({ Bucket: probe.bucket, Key: upload.key, ChecksumMode: 'ENABLED' }),
      )
      expect([head.ChecksumSHA256, head.ChecksumType]).toEqual([composite, 'COMPOSITE'])
    })

    test('an upload with SHA-256 takes no part without one', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe, { ChecksumAlgorithm: 'SHA256' })
      const client = probe.clientWith(probe.target.credentials, 'WHEN_REQUIRED')
      const part = new UploadPartCommand({ ...upload.names, PartNumber: 1, Body: Buffer.from('x') })
      expect(await refusalOf(client.send(part))).toEqual({ code: 'InvalidRequest', status: 400 })
    })

    test('an upload with SHA-256 is completed only with the checksums of its parts', async () => {
      const upload = await TestUpload.create(getProbe(), { ChecksumAlgorithm: 'SHA256' })
      const { ChecksumSHA256: _, ...part } = await upload.part(1, Buffer.from('x'))
      expect(await refusalOf(upload.complete([part]))).toEqual({ code: 'InvalidRequest', status: 400 })
    })

    test('a presigned part takes only the signed bytes', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe, { ChecksumAlgorithm: 'SHA256' })
      const client = probe.clientWith(probe.target.credentials, 'WHEN_REQUIRED')
      const command = new UploadPartCommand({ ...upload.names, PartNumber: 1, ContentLength: 3, ChecksumSHA256: sha256Of('abc') })
      const path = await getSignedUrl(client, command, { unhoistableHeaders: new Set(['x-amz-checksum-sha256']) })
      const headers = { 'x-amz-checksum-sha256': sha256Of('abc') }
      expect((await probe.send({ method: 'PUT', path, headers, body: Buffer.from('abd') })).code).toBe('BadDigest')
      const { status, headers: answer } = await probe.send({ method: 'PUT', path, headers, body: Buffer.from('abc') })
      expect(status).toBe(200)
      await upload.complete([{ PartNumber: 1, ETag: String(answer['etag']), ChecksumSHA256: sha256Of('abc') }])
      expect((await probe.get(upload.key)).toString()).toBe('abc')
    })

    test('If-None-Match: * does not overwrite when it is completed', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      const part = await upload.part(1, Buffer.from('late'))
      await probe.put(upload.key, 'early')
      expect(await refusalOf(upload.complete([part], { IfNoneMatch: '*' }))).toEqual({ code: 'PreconditionFailed', status: 412 })
      expect((await probe.get(upload.key)).toString()).toBe('early')
    })

    test('parts are listed in order and in pages', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      for (const number of [4, 2, 9]) await upload.part(number, Buffer.from(`part ${number}`))
      const first = await probe.client.send(new ListPartsCommand({ ...upload.names, MaxParts: 2 }))
      expect(first.Parts?.map((part) => [part.PartNumber, part.Size])).toEqual([[2, 6], [4, 6]]) // biome-ignore format: pairs
      expect([first.IsTruncated, first.NextPartNumberMarker]).toEqual([true, '4'])
      const second = await probe.client.send(new ListPartsCommand({ ...upload.names, MaxParts: 2, PartNumberMarker: '4' }))
      expect([second.Parts?.map((part) => part.PartNumber), second.IsTruncated]).toEqual([[9], false])
    })

    test('an aborted upload is gone, its parts with it', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      const part = await upload.part(1, Buffer.from('x'))
      await probe.client.send(new AbortMultipartUploadCommand(upload.names))
      expect(await refusalOf(upload.complete([part]))).toEqual({ code: 'NoSuchUpload', status: 404 })
      expect(await refusalOf(upload.part(2, Buffer.from('y')))).toEqual({ code: 'NoSuchUpload', status: 404 })
      expect(await refusalOf(probe.client.send(new ListPartsCommand(upload.names)))).toEqual({
        code: 'NoSuchUpload',
        status: 404,
      })
    })

    test('an upload belongs to its key', async () => {
      const probe = getProbe()
      const upload = await TestUpload.create(probe)
      const part = new UploadPartCommand({ ...upload.names, Key: probe.key('another'), PartNumber: 1, Body: Buffer.from('x') })
      expect(await refusalOf(probe.client.send(part))).toEqual({ code: 'NoSuchUpload', status: 404 })
    })

    test.each([0, 10_001])('part number %d is refused', async (number) => {
      const upload = await TestUpload.create(getProbe())
      expect(await refusalOf(upload.part(number, Buffer.from('x')))).toEqual({ code: 'InvalidArgument', status: 400 })
    })

    test('a completion without parts is MalformedXML', async () => {
      const upload = await TestUpload.create(getProbe())
      expect((await refusalOf(upload.complete([]))).code).toBe('MalformedXML')
    })
  })
}
