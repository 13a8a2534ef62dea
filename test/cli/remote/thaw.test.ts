import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import type { S3Refusal } from '../../../cli/remote/s3-refusal.ts'
import type { SignRequest } from '../../../cli/remote/signed-attempts.ts'
import { askForThaw, findArchiveState, restoreRequestBody } from '../../../cli/remote/thaw.ts'
import { answerInPlace, bodyOf, listen, refuse, transportInTest } from './scripted-server.ts'

type Script = (response: ServerResponse, attempt: number) => void

const body = restoreRequestBody({ tier: 'bulk', days: 7 })

/** A storage that answers as scripted. */
async function storage(script: Script) {
  const received: string[] = []
  const refusals: S3Refusal[] = []
  const url = await listen(async (request, response) => {
    received.push(`${request.method} ${request.url} ${await bodyOf(request)}`.trim())
    script(response, received.length)
  })
  const { transport, pausesMs } = transportInTest()
  const signing =
    (method: string, path: string, sent?: string): SignRequest =>
    async (refusal) => {
      if (refusal) refusals.push(refusal)
      return { method, url: `${url}${path}`, headers: {}, ...(sent === undefined ? {} : { body: sent }) }
    }
  return {
    received,
    refusals,
    pausesMs,
    look: () => findArchiveState(signing('HEAD', '/key'), { transport }),
    ask: () => askForThaw(signing('POST', '/key?restore', body), { transport }),
  }
}

test.each([
  [{ 'x-amz-storage-class': 'DEEP_ARCHIVE' }, 'archived'],
  [{ 'x-amz-storage-class': 'GLACIER' }, 'archived'],
  [{ 'x-amz-storage-class': 'DEEP_ARCHIVE', 'x-amz-restore': 'ongoing-request="true"' }, 'thawing'],
  [
    {
      'x-amz-storage-class': 'DEEP_ARCHIVE',
      'x-amz-restore': 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"',
    },
    'readable',
  ],
  [{ 'x-amz-storage-class': 'GLACIER_IR' }, 'readable'],
  [{ 'x-amz-storage-class': 'INTELLIGENT_TIERING' }, 'readable'],
  [{}, 'readable'],
])('a look at %o finds it %s', async (headers, expected) => {
  const { look, received } = await storage((response) => response.writeHead(200, { 'content-length': 5, ...headers }).end())
  expect(await look()).toBe(expected)
  expect(received).toEqual(['HEAD /key'])
})

test.each([400, 403])('a look that is refused with %i, which never says why, finds nothing', async (status) => {
  const { look } = await storage((response) => response.writeHead(status).end())
  expect(await look()).toBeUndefined()
})

test('a look for what is not there says so', async () => {
  const { look } = await storage((response) => response.writeHead(404).end())
  await expect(look()).rejects.toMatchObject({ kind: 'missing' })
})

test.each([
  [202, 'asked'],
  [200, 'readable'],
])('asked for, %i means %s; the tier and the days are in the body', async (status, expected) => {
  const { ask, received } = await storage((response) => response.writeHead(status).end())
  expect(await ask()).toBe(expected)
  expect(received).toEqual([
    'POST /key?restore <RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Days>7</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters></RestoreRequest>',
  ])
})

test('what thaws already is no failure', async () => {
  const { ask } = await storage((response) => refuse(response, 409, 'RestoreAlreadyInProgress'))
  expect(await ask()).toBe('thawing')
})

test('a storage that asks to slow down is given time, and then asked again', async () => {
  const { ask, received, pausesMs } = await storage((response, attempt) => {
    if (attempt < 3) refuse(response, 503, 'SlowDown')
    else response.writeHead(202).end()
  })
  expect(await ask()).toBe('asked')
  expect([received.length, pausesMs.length]).toEqual([3, 2])
})

test('credentials that have expired are told to the signer', async () => {
  const { ask, refusals } = await storage((response, attempt) => {
    if (attempt === 1) refuse(response, 400, 'ExpiredToken')
    else response.writeHead(202).end()
  })
  expect(await ask()).toBe('asked')
  expect(refusals.map(({ code }) => code)).toEqual(['ExpiredToken'])
})

test('a thaw that is not allowed is denied', async () => {
  const { ask } = await storage((response) => refuse(response, 403, 'AccessDenied'))
  await expect(ask()).rejects.toMatchObject({ kind: 'denied' })
})

const foreign = { name: 'TransferError', kind: 'failed', message: expect.stringContaining('not the storage answers') }

test.each([200, 202, 403, 409])('a long page with %i in place of an answer is the failure of this thaw', async (status) => {
  const { ask } = await storage((response) => answerInPlace(response, status, 200_000))
  await expect(ask()).rejects.toMatchObject(foreign)
})

test.each([200, 404])('a look that somebody else answers with %i finds nothing out', async (status) => {
  const { look } = await storage((response) => answerInPlace(response, status))
  await expect(look()).rejects.toMatchObject(foreign)
})

test('a refusal that is longer than any is judged by its status', async () => {
  const { ask } = await storage((response) => refuse(response, 409, 'x'.repeat(70_000)))
  await expect(ask()).rejects.toMatchObject({ kind: 'failed', message: 'the storage refuses it: 409' })
})

test('a storage that does not speak TLS where it should ends the run with words', async () => {
  const url = (await listen(() => {})).replace('http:', 'https:')
  const { transport } = transportInTest()
  const look = findArchiveState(async () => ({ method: 'HEAD', url, headers: {} }), { transport })
  await expect(look).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 5,
    message: `${new URL(url).host} does not speak https`,
  })
})
