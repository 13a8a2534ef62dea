import { randomUUID } from 'node:crypto'
import { CopyObjectCommand, DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { GetProbe } from './describe-s3-promises.ts'
import { type Probe, refusalOf, verdict } from './probe.ts'

function limitedOf(probe: Probe) {
  const { limited } = probe.target
  if (limited === undefined) throw new Error('this S3 has no credentials for a prefix')
  return { ...limited, client: probe.clientWith(limited.credentials), key: `${limited.prefix}${randomUUID()}` }
}

const denied = { code: 'AccessDenied', status: 403 }

/** Temporary credentials for one prefix: to be called in a describe of its own. */
export function describeAccess(getProbe: GetProbe): void {
  test('work under their prefix', async () => {
    const probe = getProbe()
    const { client, key, prefix, credentials } = limitedOf(probe)
    await probe.put(key, 'mine')
    const get = await client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key }))
    expect(await get.Body?.transformToString()).toBe('mine')
    const path = await probe.presignGet(key, { credentials })
    expect((await probe.send({ method: 'GET', path })).body.toString()).toBe('mine')
    const list = await client.send(new ListObjectsV2Command({ Bucket: probe.bucket, Prefix: prefix }))
    expect(list.Contents?.map((object) => object.Key)).toContain(key)
  })

  test('read, write, delete and list nothing else', async () => {
    const probe = getProbe()
    const { client, credentials } = limitedOf(probe)
    const key = probe.key('not-theirs')
    await probe.put(key, 'theirs')
    expect(await refusalOf(client.send(new GetObjectCommand({ Bucket: probe.bucket, Key: key })))).toEqual(denied)
    for (const Prefix of ['', 'promises/']) {
      expect(await refusalOf(client.send(new ListObjectsV2Command({ Bucket: probe.bucket, Prefix })))).toEqual(denied)
    }
    for (const method of ['PUT', 'DELETE', 'HEAD']) {
      const answer = await probe.sendSigned(
        { method, path: probe.path(key), ...(method === 'PUT' && { body: Buffer.from('x') }) },
        { credentials },
      )
      expect(answer.status).toBe(403)
    }
    expect((await probe.get(key)).toString()).toBe('theirs')
  })

  test('cannot copy from elsewhere', async () => {
    const probe = getProbe()
    const { client, key } = limitedOf(probe)
    const other = probe.key()
    await probe.put(other, 'theirs')
    const copy = client.send(new CopyObjectCommand({ Bucket: probe.bucket, Key: key, CopySource: `${probe.bucket}/${other}` }))
    expect(await refusalOf(copy)).toEqual(denied)
  })

  test('delete only their own keys out of many', async () => {
    const probe = getProbe()
    const { client, key } = limitedOf(probe)
    const other = probe.key()
    await probe.put(key, 'mine')
    await probe.put(other, 'theirs')
    const Delete = { Objects: [{ Key: key }, { Key: other }] }
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket: probe.bucket, Delete }))
    expect([Deleted?.map((each) => each.Key), Errors?.map((each) => [each.Key, each.Code])]).toEqual([
      [key],
      [[other, 'AccessDenied']],
    ])
    expect(await probe.exists(other)).toBe(true)
  })

  test('do not work without their session token, nor with another', async () => {
    const probe = getProbe()
    const { key, credentials } = limitedOf(probe)
    const { sessionToken: _, ...without } = credentials
    const request = { method: 'GET', path: probe.path(key) }
    expect((await probe.sendSigned(request, { credentials: without })).status).toBeGreaterThanOrEqual(400)
    const other = await probe.sendSigned(request, { credentials: { ...credentials, sessionToken: 'another' } })
    expect(verdict(other)).toEqual({ status: 400, code: 'InvalidToken' })
  })

  test('a prefix ends where it ends, not at something like it', async () => {
    const probe = getProbe()
    const { credentials, prefix } = limitedOf(probe)
    const path = probe.path(`${prefix.slice(0, -1)}-neighbour/${randomUUID()}`)
    expect((await probe.sendSigned({ method: 'PUT', path, body: Buffer.from('x') }, { credentials })).status).toBe(403)
  })

  test('a path that climbs out of their prefix does not get there', async () => {
    const probe = getProbe()
    const { credentials, prefix } = limitedOf(probe)
    const victim = `promises-${randomUUID()}`
    await probe.put(victim, 'theirs')
    const path = probe.path(`${prefix}../${victim}`)
    await probe.sendSigned({ method: 'PUT', path, body: Buffer.from('x') }, { credentials })
    expect((await probe.get(victim)).toString()).toBe('theirs')
  })
}
