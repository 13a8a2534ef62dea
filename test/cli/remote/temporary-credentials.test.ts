import { expect, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import {
  createTemporaryCredentials,
  type IssueOptions,
  type TemporaryCredentials,
} from '../../../cli/remote/temporary-credentials.ts'

const minute = 60_000
const unreachable = new UserError('nobody answers', { exitCode: 5, hint: 'wait' })

/** A pool that gives credentials for an hour, and counts them; `fail` makes it give none. */
function openInTest() {
  const pool = { nowMs: 0, issued: 0, asked: [] as IssueOptions[], fail: undefined as Error | undefined }
  const issue = async (options: IssueOptions): Promise<TemporaryCredentials> => {
    pool.asked.push(options)
    if (pool.fail) throw pool.fail
    pool.issued += 1
    const expiresAt = new Date(pool.nowMs + 60 * minute)
    return { accessKeyId: `key ${pool.issued}`, secretAccessKey: 'secret', sessionToken: 'token', expiresAt }
  }
  const serverClock = { now: () => new Date(pool.nowMs), learn: () => {} }
  const obtain = createTemporaryCredentials(issue, serverClock)
  const obtainAt = async (minutes: number, refused?: string): Promise<string> => {
    pool.nowMs = minutes * minute
    return (await obtain({ refused })).accessKeyId
  }
  return { pool, obtain, obtainAt }
}

test('credentials serve until ten minutes before they expire, life after life', async () => {
  const { obtainAt } = openInTest()
  const keys = []
  for (const minutes of [0, 1, 49.9, 50, 99.9, 100, 300]) keys.push(await obtainAt(minutes))
  expect(keys).toEqual(['key 1', 'key 1', 'key 1', 'key 2', 'key 2', 'key 3', 'key 4'])
})

test('all who ask at once share one renewal, also when it is for refused credentials', async () => {
  const { pool, obtain } = openInTest()
  const first = await Promise.all(Array.from({ length: 20 }, () => obtain()))
  expect(new Set(first.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['key 1']))
  pool.nowMs = 5 * minute
  const again = await Promise.all(Array.from({ length: 20 }, () => obtain({ refused: 'key 1' })))
  expect(new Set(again.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['key 2']))
  // Somebody who was refused with credentials that are replaced already gets those that are there.
  expect(await obtain({ refused: 'key 1' })).toMatchObject({ accessKeyId: 'key 2' })
  expect(pool.issued).toBe(2)
})

test('new credentials that are refused end the run: others would be, too', async () => {
  const { obtainAt } = openInTest()
  await obtainAt(0)
  await expect(obtainAt(0.5, 'key 1')).rejects.toMatchObject({ name: 'UserError', exitCode: 12 })
})

test('an early renewal that fails leaves those that are still good, and is tried again a minute later', async () => {
  const { pool, obtainAt } = openInTest()
  await obtainAt(0)
  pool.fail = unreachable
  expect([await obtainAt(50), await obtainAt(50.5), await obtainAt(51.5)]).toEqual(['key 1', 'key 1', 'key 1'])
  expect(pool.asked.map(({ maximumAttempts }) => maximumAttempts)).toEqual([undefined, 2, 2])
  await expect(obtainAt(59.5)).rejects.toBe(unreachable)
  pool.fail = undefined
  expect(await obtainAt(59.6)).toBe('key 2')
})

test('a session that has ended ends the run at once, however long the credentials would do', async () => {
  const { pool, obtainAt } = openInTest()
  await obtainAt(0)
  pool.fail = new UserError('signed out', { exitCode: 12, hint: 'sign in' })
  await expect(obtainAt(50)).rejects.toBe(pool.fail)
})
