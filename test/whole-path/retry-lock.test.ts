import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { acquireRunLock, type RunLock } from '../../cli/state/run-lock.ts'
import type { PhotosUser } from './photos-process.ts'
import { writeTree } from './tree.ts'
import { wired } from './wired.ts'

test('--retry-lock waits for a run that has the library open, and opens it itself when that has ended', async () => {
  const { user, folder, sync, closeBackend } = await wired({ 'a.MP4': randomBytes(1000) }, () => undefined)
  expect(await sync()).toMatchObject({ exitCode: 0 })
  await writeTree(folder, { 'b.MP4': randomBytes(1000) })
  const lock = await holdLockOf(user)

  const running = user.start(['sync', folder, '--library', user.library, '--retry-lock', '10m'])
  await running.saying(/waiting for photos watch \(process \d+ on .+\) to end/, 'stderr')
  await closeBackend()
  await lock.release()

  const stdout = expect.stringMatching(/^uploaded 1 .+ already stored 1, .+ failed 0/)
  expect(await running.finished).toMatchObject({ exitCode: 0, stdout })
})

/** The lock that the runs of this user leave free in between. */
async function holdLockOf(user: PhotosUser): Promise<RunLock> {
  const folder = join(user.folder, 'state', 'photos')
  const free = (await readdir(folder)).find((name) => name.includes('-run-free-')) ?? ''
  const delay = (milliseconds: number): Promise<void> => wait(milliseconds)
  const clock = { now: Date.now, elapsed: () => performance.now(), random: Math.random, delay }
  return await acquireRunLock(join(folder, free.replace(/-free-\d+$/, '')), { command: 'watch', clock, tell: () => {} })
}
