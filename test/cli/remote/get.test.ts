import { createHash, randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { parseBandwidth } from '../../../cli/remote/bandwidth-timetable.ts'
import { type GetOptions, getToFile } from '../../../cli/remote/get.ts'
import type { ByteSink } from '../../../cli/remote/received.ts'
import type { S3Refusal } from '../../../cli/remote/s3-refusal.ts'
import type { SignRequest } from '../../../cli/remote/signed-attempts.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { answerInPlace, attemptsOfAnOutage, listen, refuse, signed, transportInTest } from './scripted-server.ts'

const bytes = randomBytes(7 * 1024 * 1024 + 3)
const hash = createHash('sha256').update(bytes).digest('hex')

/** Serves an object to the first so many attempts badly, and then well; says what was asked for. */
type Script = (response: ServerResponse, offset: number, attempt: number) => void

function serve(response: ServerResponse, offset: number, end = bytes.length): void {
  const body = bytes.subarray(offset)
  response.writeHead(offset > 0 ? 206 : 200, { 'content-length': body.length })
  if (end === bytes.length) response.end(body)
  else response.write(body.subarray(0, end - offset), () => response.destroy())
}

async function receive(script: Script, options: Partial<GetOptions> = {}, sink?: ByteSink) {
  const ranges: (string | undefined)[] = []
  const refusals: S3Refusal[] = []
  const url = await listen((request, response) => {
    ranges.push(request.headers.range)
    script(response, Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0), ranges.length)
  })
  const path = join(await temporaryFolder(), 'part')
  const file = await open(path, 'wx')
  onTestFinished(() => file.close())
  const moved: number[] = []
  const { transport } = transportInTest()
  const onMoved = (count: number): void => void moved.push(count)
  const sign: SignRequest = async (refusal) => {
    if (refusal) refusals.push(refusal)
    return signed('GET', `${url}/key?X-Amz-Signature=secret`)
  }
  const result = getToFile(sign, sink ?? file, {
    transport,
    sizeBytes: bytes.length,
    onMoved,
    ...options,
  })
  result.catch(() => {})
  return {
    result,
    ranges,
    refusals,
    content: () => readFile(path),
    movedBytes: () => moved.reduce((total, count) => total + count, 0),
  }
}

test('writes and hashes an object', async () => {
  const { result, content, ranges, movedBytes } = await receive((response, offset) => serve(response, offset))
  expect(await result).toBe(hash)
  expect((await content()).equals(bytes)).toBe(true)
  expect(ranges).toEqual([undefined])
  expect(movedBytes()).toBe(bytes.length)
})

test('takes a broken connection up again behind what is written, however often it breaks', async () => {
  const step = 1.5 * 1024 * 1024
  const { result, content, ranges, movedBytes } = await receive((response, offset) => {
    serve(response, offset, Math.min(bytes.length, offset + step))
  })
  expect(await result).toBe(hash)
  expect((await content()).equals(bytes)).toBe(true)
  expect(ranges.length).toBeGreaterThan(4)
  expect(ranges.slice(1).every((range) => Number(range?.match(/\d+/)?.[0]) > 0)).toBe(true)
  expect(movedBytes()).toBe(bytes.length)
})

test('a line that breaks after every few hundred kilobytes gets there', async () => {
  const { result, ranges, content } = await receive((response, offset) =>
    serve(response, offset, Math.min(bytes.length, offset + 300_000)),
  )
  expect(await result).toBe(hash)
  expect((await content()).equals(bytes)).toBe(true)
  expect(ranges.length).toBeGreaterThan(20)
})

test('gives up a connection that never brings anything', async () => {
  const { result, ranges } = await receive((response) => void response.destroy())
  await expect(result).rejects.toMatchObject({ name: 'UserError', exitCode: 5, message: expect.stringContaining('storage') })
  expect(ranges).toHaveLength(attemptsOfAnOutage)
})

test.each([
  ['before its first byte', 0],
  ['in its middle', 3 * 1024 * 1024],
])('an object that always breaks off %s is the matter itself: the storage answers', async (_, end) => {
  const { result, ranges } = await receive((response, offset) => {
    if (offset < end) return serve(response, offset, end)
    response.writeHead(offset > 0 ? 206 : 200, { 'content-length': bytes.length - offset }).flushHeaders()
    response.socket?.end()
  })
  await expect(result).rejects.toMatchObject({ name: 'TransferError' })
  expect(ranges.length).toBeLessThanOrEqual(9)
})

test('begins anew where a range is ignored', async () => {
  const { result, content } = await receive((response, _offset, attempt) => {
    if (attempt === 1) serve(response, 0, 3 * 1024 * 1024)
    else serve(response, 0)
  })
  expect(await result).toBe(hash)
  expect((await content()).equals(bytes)).toBe(true)
})

test('goes on after 503 to every third request', async () => {
  const { result } = await receive((response, offset, attempt) => {
    if (attempt % 3 === 1) refuse(response, 503, 'SlowDown')
    else serve(response, offset, Math.min(bytes.length, offset + 3 * 1024 * 1024))
  })
  expect(await result).toBe(hash)
})

test('goes on behind what is written with a new signature when the old one is refused, and says why', async () => {
  const { result, ranges, refusals, content } = await receive((response, offset, attempt) => {
    if (attempt === 1) serve(response, offset, 3 * 1024 * 1024)
    else if (attempt === 2) refuse(response, 400, 'ExpiredToken')
    else if (attempt === 3) refuse(response, 403, 'RequestTimeTooSkewed')
    else serve(response, offset)
  })
  expect(await result).toBe(hash)
  expect((await content()).equals(bytes)).toBe(true)
  expect(new Set(ranges.slice(1)).size).toBe(1)
  expect(refusals).toMatchObject([{ code: 'ExpiredToken' }, { code: 'RequestTimeTooSkewed' }])
})

test.each([
  ['AccessDenied', 'Request has expired', 'the signed request has expired'],
  ['ExpiredToken', '', 'the credentials have expired'],
  ['InvalidAccessKeyId', '', 'the storage does not accept the credentials'],
  ['RequestTimeTooSkewed', '', "the storage refuses it: this machine's clock is wrong"],
])('gives up signatures that are always refused with %s (%s)', async (code, message, said) => {
  const { result, ranges } = await receive((response) => refuse(response, 403, code, message))
  await expect(result).rejects.toMatchObject({ kind: 'expired', message: said })
  expect(ranges).toHaveLength(4)
})

test('what the signer throws ends it at once', async () => {
  const failing = await open(join(await temporaryFolder(), 'part'), 'wx')
  onTestFinished(() => failing.close())
  const signing = (): Promise<never> => Promise.reject(new Error('not signed in'))
  const { transport } = transportInTest()
  await expect(getToFile(signing, failing, { transport, sizeBytes: 1 })).rejects.toThrow('not signed in')
})

test('a denied object is not asked for again', async () => {
  const { result, ranges } = await receive((response) => refuse(response, 403, 'AccessDenied', 'Access Denied'))
  await expect(result).rejects.toMatchObject({ kind: 'denied', message: 'the storage refuses it: AccessDenied (Access Denied)' })
  expect(ranges).toHaveLength(1)
})

test('other bytes of the right length have another hash', async () => {
  const wrong = Buffer.from(bytes)
  wrong[5_000_000] = (wrong[5_000_000] ?? 0) ^ 1
  const { result } = await receive((response) => {
    response.writeHead(200, { 'content-length': wrong.length })
    response.end(wrong)
  })
  expect(await result).toBe(createHash('sha256').update(wrong).digest('hex'))
})

test.each([-1, 1])('an object whose length is wrong by %i is not taken', async (difference) => {
  const { result, ranges } = await receive((response) => {
    response.writeHead(200, { 'content-length': bytes.length + difference })
    response.end(Buffer.alloc(bytes.length + difference))
  })
  await expect(result).rejects.toMatchObject({ kind: 'bytes-differ' })
  expect(ranges).toHaveLength(1)
})

test('an endless answer without a length is cut', async () => {
  const { result } = await receive((response) => {
    const more = (): void => void response.write(Buffer.alloc(1024 * 1024), (error) => void (error ?? more()))
    more()
  })
  await expect(result).rejects.toMatchObject({ kind: 'bytes-differ' })
})

test('a missing object, and no URL in the message', async () => {
  const { result } = await receive((response) => refuse(response, 404, 'NoSuchKey'))
  const error = await result.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ kind: 'missing' })
  expect(String(error)).not.toMatch(/secret|http/)
})

test('an empty object', async () => {
  const { result } = await receive((response) => response.end(), { sizeBytes: 0 })
  expect(await result).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test("the disk's error is thrown as it is, and not tried again", async () => {
  const full: ByteSink = { writev: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })) }
  const { result, ranges } = await receive((response, offset) => serve(response, offset), {}, full)
  await expect(result).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(ranges).toHaveLength(1)
})

test.each(['ETIMEDOUT', 'EHOSTUNREACH'])(
  "a network disk's %s is the file's failure, and not taken for the network to the storage",
  async (code) => {
    const gone: ByteSink = { writev: () => Promise.reject(Object.assign(new Error('the share is gone'), { code })) }
    const { result, ranges } = await receive((response, offset) => serve(response, offset), {}, gone)
    await expect(result).rejects.toMatchObject({ code, message: 'the share is gone' })
    expect(ranges).toHaveLength(1)
  },
)

test('a limit that the disk cannot keep up with does not fill the memory', async () => {
  const { transport } = transportInTest()
  transport.bandwidth.limit(parseBandwidth('10G'))
  const batchesBytes: number[] = []
  const slow: ByteSink = {
    async writev(buffers) {
      const bytesWritten = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
      batchesBytes.push(bytesWritten)
      for (let turns = 0; turns < 300; turns += 1) await setImmediate()
      return { bytesWritten }
    },
  }
  const { result } = await receive((response, offset) => serve(response, offset), { transport }, slow)
  expect(await result).toBe(hash)
  expect(Math.max(...batchesBytes)).toBeLessThan(5 * 1024 * 1024)
})

test('a disk that takes less than it was given is given the rest', async () => {
  const written = Buffer.alloc(bytes.length)
  const sink: ByteSink = {
    async writev(buffers, position) {
      const all = Buffer.concat(buffers.map((view) => Buffer.from(view.buffer, view.byteOffset, view.byteLength)))
      const bytesWritten = Math.min(all.length, 300_000)
      all.copy(written, position, 0, bytesWritten)
      return { bytesWritten }
    },
  }
  const { result } = await receive((response, offset) => serve(response, offset), {}, sink)
  expect(await result).toBe(hash)
  expect(written.equals(bytes)).toBe(true)
})

test.each([200, 206, 403, 404])('a page with %i in place of an object is no loss of what is stored', async (status) => {
  const { result, ranges } = await receive((response) => answerInPlace(response, status, 200_000))
  await expect(result).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining('not the storage answers') })
  expect(ranges).toHaveLength(1)
})

test('a long page with 503 in place of an object passes, as any 503 does', async () => {
  const { result } = await receive((response, offset, attempt) => {
    if (attempt === 1) answerInPlace(response, 503, 200_000)
    else serve(response, offset)
  })
  expect(await result).toBe(hash)
})
