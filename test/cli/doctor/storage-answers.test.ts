// What a real S3 may say that the embedded one never has a reason to.
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { askStorage } from '../../../cli/doctor/ask-storage.ts'
import { checkPull, checkUpload, type Examination } from '../../../cli/doctor/check-probe.ts'
import { explainRefusal } from '../../../cli/doctor/explain-refusal.ts'
import { makeProbe } from '../../../cli/doctor/make-probe.ts'
import { UserError } from '../../../cli/errors.ts'
import { createServerClock } from '../../../cli/remote/server-clock.ts'
import { contentHashSchema } from '../../../contract/content-hash.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { answerInPlace, listen, refuse, signed, transportInTest } from '../remote/scripted-server.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

const signal = new AbortController().signal

test('a bucket in another region answers 301 with its region in a header', async () => {
  const { transport } = transportInTest()
  const url = await listen((_request, response) => {
    response.setHeader('x-amz-bucket-region', 'eu-central-1')
    refuse(response, 301, 'PermanentRedirect')
  })
  const answer = await askStorage(async () => signed('GET', `${url}/photos-storage/key`), { transport, signal })
  if (answer.kind !== 'refused') throw new Error('expected a refusal')
  const configuration = remoteConfigurationInTest(url)
  expect(explainRefusal(answer.refusal, 'pull', configuration)).toMatchObject({
    exitCode: 5,
    message: `wrong region: the bucket of the originals, ${configuration.storageBucket}, is in eu-central-1, but the remote says that it is in ${configuration.region}`,
  })
})

test.each([
  { code: 'AccessDenied', message: 'Request has expired', exitCode: 5, says: 'another time' },
  { code: 'RequestTimeTooSkewed', message: 'too large', exitCode: 5, says: 'another time' },
  { code: 'InsufficientStorage', message: '', exitCode: 5, says: 'the disk of the library is full' },
  { code: 'InvalidObjectState', message: 'it is archived', exitCode: 5, says: 'InvalidObjectState (it is archived)' },
])('$code $message', ({ code, message, exitCode, says }) => {
  const refusal = { status: 403, code, message, retryAfterMs: undefined }
  const error = explainRefusal(refusal, 'pull', remoteConfigurationInTest('http://127.0.0.1'))
  expect(error.exitCode).toBe(exitCode)
  expect(error.message).toContain(says)
})

test('other bytes than were stored are exit code 13', async () => {
  const { transport } = transportInTest()
  const url = await listen((_request, response) => void response.end('not the probe'))
  const examination = { ...examinationOf(url), transport }
  await expect(checkPull(examination, async () => signed('GET', `${url}/x`))).rejects.toMatchObject({
    exitCode: 13,
    message: 'other bytes came back than were stored',
  })
})

const inPlace = /^not the storage answers \(status \d+\), but a proxy or this network's sign-in page$/

test.each([
  { what: 'a page in its place', answer: (response: ServerResponse) => answerInPlace(response, 200, 100), says: inPlace },
  {
    what: 'a long refusal in its place',
    answer: (response: ServerResponse) => answerInPlace(response, 403, 200_000),
    says: inPlace,
  },
  {
    what: 'more than a probe',
    answer: (response: ServerResponse) => response.end(Buffer.alloc(3_000_000)),
    says: /^the storage answers something else than it was asked for/,
  },
  {
    what: 'nothing but failures',
    answer: (response: ServerResponse) => refuse(response, 503, 'SlowDown'),
    says: /^it fails again and again: the storage answers SlowDown$/,
  },
])('$what is a fault in words, and none of the way there', async ({ answer, says }) => {
  const { transport } = transportInTest()
  const url = await listen((_request, response) => void answer(response))
  const examination = { ...examinationOf(url), transport }
  const error = await checkPull(examination, async () => signed('GET', `${url}/x`)).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'UserError', exitCode: 5, message: expect.stringMatching(says) })
  expect(error).toMatchObject({ hint: expect.not.stringContaining('check the network') })
})

test('a storage that does not speak TLS is named', async () => {
  const { transport } = transportInTest()
  const url = (await listen((_request, response) => void response.end())).replace('http:', 'https:')
  const asked = checkPull({ ...examinationOf(url), transport }, async () => signed('GET', `${url}/x`))
  await expect(asked).rejects.toMatchObject({ exitCode: 5, message: `${new URL(url).host} does not speak https` })
})

test('whoever knows better than the network why nobody answers says so', async () => {
  const { transport } = transportInTest()
  const whenUnreachable = () => new UserError('the other run has ended', { exitCode: 5, hint: 'run it again' })
  const url = await listen((request) => void request.socket.destroy())
  const asked = checkPull({ ...examinationOf(url), transport, whenUnreachable }, async () => signed('GET', `${url}/x`))
  await expect(asked).rejects.toMatchObject({ message: 'the other run has ended' })
})

test.each([
  { body: '', etag: undefined },
  { body: '<html>sign in</html>', etag: '"1"' },
])('an upload that is answered with $body and the ETag $etag is no upload', async ({ body, etag }) => {
  const { transport } = transportInTest()
  const url = await listen((request, response) => {
    if (etag !== undefined) response.setHeader('etag', etag)
    request.resume().on('end', () => response.end(body))
  })
  const given = examinationOf(url)
  const calls = { ...given.calls, begin: async () => signed('PUT', `${url}/x`), list: async () => [] }
  await expect(checkUpload({ ...given, transport, calls })).rejects.toMatchObject({
    exitCode: 5,
    message: 'something else than the storage took the upload: its answer is not that of S3',
  })
})

test('a probe that is younger than a doctor may wait is no leftover, also of this machine', async () => {
  const { transport } = transportInTest()
  const url = await listen((request, response) => {
    response.setHeader('etag', '"1"')
    request.resume().on('end', () => response.end())
  })
  const given = examinationOf(url)
  const removed: string[] = []
  const left = (minutes: number, digit: string) => ({
    contentHash: contentHashSchema.parse(digit.repeat(64)),
    device: 'nas',
    begunAt: new Date(0 - minutes * 60_000).toISOString(),
  })
  const calls: Examination['calls'] = {
    ...given.calls,
    begin: async () => signed('PUT', `${url}/x`),
    list: async () => [left(76, 'a'), left(74, 'b'), left(0, 'c')],
    remove: async (contentHash) => void removed.push(contentHash),
  }
  await checkUpload({ ...given, transport, calls })
  expect(removed).toEqual(['a'.repeat(64)])
})

function examinationOf(url: string): Omit<Examination, 'transport'> {
  const never = () => Promise.reject(new Error('not asked for'))
  return {
    configuration: remoteConfigurationInTest(url),
    owner: ownerSchema.parse('anna'),
    probe: makeProbe(),
    calls: { begin: never, list: never, find: never, remove: never },
    serverClock: createServerClock(() => 0),
    device: 'nas',
    patienceMs: 1000,
    signal,
  }
}
