import { expect, test } from 'vitest'
import { type VerifyOptions, verifyStored } from '../../../cli/verify/verify-stored.ts'
import type { ContentHash } from '../../../contract/content-hash.ts'
import { hashOf } from '../sync/remote-in-memory.ts'
import { clockAhead } from '../sync/run-sync.ts'

const minuteMs = 60_000
const hashes = ['one', 'two', 'three'].map((text) => hashOf(Buffer.from(text)))

test('each original is asked about until the backend has told, and then no more', async () => {
  const { asked, told } = await verifyWith((contentHash, round) => round > hashes.indexOf(contentHash))
  expect([...told.keys()]).toEqual(hashes)
  expect(asked.map((contentHashes) => contentHashes.length)).toEqual([3, 2, 1])
})

test('one that is asked for twice is read once', async () => {
  const { begun } = await verifyWith(() => true, [...hashes, ...hashes])
  expect(begun).toEqual([hashes])
})

test('a slow backend is waited for, as long as it tells something within twenty minutes', async () => {
  const clock = clockAhead()
  const started = clock.elapsed()
  const isTold = (contentHash: ContentHash) => clock.elapsed() - started > (hashes.indexOf(contentHash) + 1) * 15 * minuteMs
  const { told } = await verifyWith(isTold, hashes, clock)
  expect([...told.keys()]).toEqual(hashes)
})

test('what the backend never tells of is not among the answers, and the others are', async () => {
  const clock = clockAhead()
  const started = clock.elapsed()
  const { told } = await verifyWith((contentHash) => contentHash === hashes[1], hashes, clock)
  expect([...told.keys()]).toEqual([hashes[1]])
  expect(clock.elapsed() - started).toBeGreaterThan(20 * minuteMs)
  expect(clock.elapsed() - started).toBeLessThan(21 * minuteMs)
})

test('nothing is asked about nothing', async () => {
  expect(await verifyWith(() => true, [])).toEqual({ asked: [], begun: [], told: new Map() })
})

/** @param isTold whether the backend has read this original by now, in so many rounds of questions (from 1) */
async function verifyWith(
  isTold: (contentHash: ContentHash, round: number) => boolean,
  contentHashes: readonly ContentHash[] = hashes,
  clock = clockAhead(),
) {
  const begun: (readonly ContentHash[])[] = []
  const asked: (readonly ContentHash[])[] = []
  const remote: VerifyOptions['remote'] = {
    beginVerification: async (all) => {
      begun.push(all)
      return 'an id'
    },
    findVerifications: async (_id, some) => {
      asked.push(some)
      return some.map((contentHash) =>
        isTold(contentHash, asked.length) ? { kind: 'missing', contentHash } : { kind: 'processing', contentHash },
      )
    },
  }
  const told = await verifyStored(contentHashes, { remote, clock })
  return { asked, begun, told }
}
