import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { RunEvent } from '../../../cli/run-event.ts'
import { createRunLimits } from '../../../cli/run-limits.ts'
import { type BegunUpload, beginUploads } from '../../../cli/sync/begin-uploads.ts'
import { createOriginalsInFlight, type Original } from '../../../cli/sync/originals-in-flight.ts'
import { contentHashOf } from '../../../contract/content-hash.ts'
import { collect } from '../../collect.ts'
import { createRemoteInMemory } from './remote-in-memory.ts'

async function* originals(count: number): AsyncGenerator<Original> {
  for (let index = 0; index < count; index += 1) {
    const contentHash = contentHashOf(createHash('sha256').update(String(index)).digest())
    yield { contentHash, sizeBytes: 1, contentType: 'image/jpeg', files: [], uploadedFrom: undefined }
  }
}

/** How many were begun at once, where each one takes so long to send. */
async function batchSizes(count: number, eachTakesMs: number): Promise<readonly number[]> {
  const { remote, calls } = createRemoteInMemory()
  let elapsedMs = 0
  const clock = { elapsed: () => elapsedMs }
  const limits = createRunLimits({}, clock)
  const options = { remote, inFlight: createOriginalsInFlight(clock), limits, clock, controller: new AbortController() }
  for await (const { begunAtMs } of beginUploads(originals(count), options)) {
    expect(begunAtMs).toBeLessThanOrEqual(elapsedMs)
    elapsedMs += eachTakesMs
    await new Promise((resolve) => setImmediate(resolve)) // the source has its turn
  }
  return calls.map(({ count: size }) => size)
}

test('what is signed is sent within its hour: on a slow line batches become small', async () => {
  const [, ...sizes] = await batchSizes(200, 4 * 60_000)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50)
  expect(sizes.slice(-10, -1)).toEqual(Array.from({ length: 9 }, () => 3)) // twelve minutes each
})

test('the remote is not asked about bytes that it was seen to have minutes ago, and is asked again after that', async () => {
  const { remote, calls } = createRemoteInMemory()
  let elapsedMs = 0
  const clock = { elapsed: () => elapsedMs }
  const inFlight = createOriginalsInFlight(clock)
  const options = { remote, inFlight, limits: createRunLimits({}, clock), clock, controller: new AbortController() }
  const [first, second] = await collect(originals(2))
  if (!first || !second) throw new Error('expected two originals')
  inFlight.rememberStored(first.contentHash)

  expect(await kindsOf(beginUploads(originals(2), options))).toEqual([
    [first.contentHash, 'stored'],
    [second.contentHash, 'put'],
  ])
  expect(calls).toEqual([{ name: 'begin', count: 1 }])
  elapsedMs = 5 * 60_000
  expect(await kindsOf(beginUploads(originals(1), options))).toEqual([[first.contentHash, 'put']])
  expect(inFlight.isStored(first.contentHash)).toBe(false)
})

async function kindsOf(begun: AsyncIterable<BegunUpload>) {
  return (await collect(begun)).map(({ original, answer }) => [original.contentHash, answer.kind])
}

test('so many are remembered as stored, those that were seen last', async () => {
  const inFlight = createOriginalsInFlight({ elapsed: () => 0 })
  const hashes = (await collect(originals(20_001))).map(({ contentHash }) => contentHash)
  for (const contentHash of hashes) inFlight.rememberStored(contentHash)
  expect(hashes.filter((contentHash) => !inFlight.isStored(contentHash))).toEqual(hashes.slice(0, 1))
})

test('on a fast line, and where nothing is to be sent, a hundred are asked about at once', async () => {
  const sizes = await batchSizes(1000, 10)
  expect(Math.max(...sizes)).toBe(100)
  expect(sizes.length).toBeLessThan(15)
})

test('tells how many bytes the remote lacks, of all that it was asked about at once', async () => {
  const { remote } = createRemoteInMemory()
  const clock = { elapsed: () => 0 }
  const inFlight = createOriginalsInFlight(clock)
  const limits = createRunLimits({}, clock)
  const told: RunEvent[] = []
  const tell = async (events: readonly RunEvent[]): Promise<void> => void told.push(...events)
  const [first] = await collect(originals(1))
  if (first) inFlight.rememberStored(first.contentHash)
  await collect(beginUploads(originals(20), { remote, inFlight, limits, clock, controller: new AbortController(), tell }))
  expect(told.reduce((sum, event) => sum + (event.kind === 'wanted' ? event.sizeBytes : Number.NaN), 0)).toBe(19)
})
