// What a real S3 may say that the embedded one never has a reason to.
import { expect, test } from 'vitest'
import { askStorage } from '../../../cli/doctor/ask-storage.ts'
import { checkPull, type Examination } from '../../../cli/doctor/check-probe.ts'
import { explainRefusal } from '../../../cli/doctor/explain-refusal.ts'
import { makeProbe } from '../../../cli/doctor/make-probe.ts'
import { createServerClock } from '../../../cli/remote/server-clock.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { listen, refuse, signed, transportInTest } from '../remote/scripted-server.ts'
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
  { code: 'AccessDenied', message: 'Request has expired', exitCode: 15, says: 'another time' },
  { code: 'InsufficientStorage', message: '', exitCode: 5, says: 'the disk of the library is full' },
  { code: 'InvalidObjectState', message: 'it is archived', exitCode: 5, says: 'InvalidObjectState (it is archived)' },
])('$code $message', ({ code, message, exitCode, says }) => {
  const refusal = { status: 403, code, message, retryAfterMs: undefined, date: undefined }
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
