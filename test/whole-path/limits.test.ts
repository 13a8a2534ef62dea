import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { PassingRequest } from './fault-proxy.ts'
import { hastyClock } from './hasty-clock.ts'
import { requireBackedUp } from './library-checks.ts'
import { messagesOf, photosUser, summaryOf } from './photos-process.ts'
import { writeTree } from './tree.ts'
import { clips, wired } from './wired.ts'

async function userWith(files: Readonly<Record<string, Buffer>>) {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  await writeTree(folder, files)
  const sync = (...flags: readonly string[]) => user.here('sync', folder, '--library', user.library, '--json', ...flags)
  return { user, folder, sync }
}

test('--max-transfer ends a sync with 16, and the next one does the rest; the same for a pull', async () => {
  const { user, folder, sync } = await userWith(clips(8))
  const first = await sync('--max-transfer', '150K', '--transfers', '1')
  expect(summaryOf(first)).toMatchObject({ uploaded: 4, failed: 0, exit_code: 16 })
  expect(messagesOf(first)).toContainEqual({
    message_type: 'error',
    message: 'as much has been moved as --max-transfer allows: 4 files are left for the next run',
  })
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 4, already_stored: 4, exit_code: 0 })

  const to = join(user.folder, 'back')
  const pull = (...flags: readonly string[]) => user.here('pull', '--to', to, '--library', user.library, '--json', ...flags)
  const part = await pull('--max-transfer', '150K', '--transfers', '1')
  expect(summaryOf(part)).toMatchObject({ pulled: 4, failed: 0, exit_code: 16 })
  expect(await readdir(join(to, 'camera'))).toHaveLength(4)
  expect(summaryOf(await pull())).toMatchObject({ pulled: 4, unchanged: 4, exit_code: 0 })
  await requireBackedUp(user, folder)
})

test('--max-duration that is over at once moves nothing', async () => {
  const { sync } = await userWith(clips(2))
  expect(summaryOf(await sync('--max-duration', '0.001ms'))).toMatchObject({ uploaded: 0, bytes_uploaded: 0, exit_code: 16 })
})

test.each(['0', 'off', 'OFF'])('--max-duration %s and --max-transfer, too, are no limits', async (none) => {
  const { sync } = await userWith(clips(2))
  const limits = ['--max-duration', none, '--max-transfer', none, '--bwlimit', none]
  expect(summaryOf(await sync(...limits))).toMatchObject({ uploaded: 2, exit_code: 0 })
})

test.each([
  ['storage', (request: PassingRequest) => request.isUpload],
  ['API', ({ isUpload, count }: PassingRequest) => !isUpload && count > 2],
])('a remote whose %s is gone is waited for no longer than --max-duration', async (_name, isGone) => {
  let hasRecovered = false
  const { user, folder, sync, whenIdle } = await wired(clips(2), (request) =>
    !hasRecovered && isGone(request) ? { kind: 'reset', afterBytes: 0 } : undefined,
  )
  const clock = hastyClock({ whenIdle })
  const begunAtMs = clock.elapsed()
  const limited = ['--json', '--max-duration', '2m']
  const finished = await user.hereIn({ clock }, 'sync', folder, '--library', user.library, ...limited)
  expect(summaryOf(finished)).toMatchObject({ uploaded: 0, failed: 0, exit_code: 16 })
  expect(messagesOf(finished)).toContainEqual({
    message_type: 'error',
    message: 'the time that --max-duration gives is over: the rest is left for the next run',
  })
  expect((clock.elapsed() - begunAtMs) / 60_000).toBeLessThan(3)
  hasRecovered = true
  expect(summaryOf(await sync())).toMatchObject({ skipped: 0, failed: 0, exit_code: 0 })
  await requireBackedUp(user, folder)
})

test('--bwlimit holds for the whole run, by the clock', async () => {
  const files = { 'MVI_1.MP4': randomBytes(300 * 1024), 'MVI_2.MP4': randomBytes(300 * 1024) }
  const { user, folder, whenIdle } = await wired(files, () => undefined)
  const clock = hastyClock({ whenIdle })
  const begunAtMs = clock.elapsed()
  const finished = await user.hereIn({ clock }, 'sync', folder, '--library', user.library, '--json', '--bwlimit', '10:off')
  expect(summaryOf(finished)).toMatchObject({ uploaded: 2, exit_code: 0 })
  expect((clock.elapsed() - begunAtMs) / 1000).toBeGreaterThan(59)
})

test.each([
  ['--bwlimit', '10X', 'is not a bandwidth'],
  ['--bwlimit', '25:00,1M', 'is not a bandwidth'],
  ['--max-duration', 'soon', 'is not a duration'],
  ['--max-transfer', 'much', 'is not a size'],
])('%s %s is a usage error', async (flag, value, message) => {
  const { sync } = await userWith({})
  expect(await sync(flag, value)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) })
})

test.each([
  ['PHOTOS_BWLIMIT', 'fast', 'bandwidth'],
  ['PHOTOS_MAX_DURATION', 'soon', 'duration'],
  ['PHOTOS_RETRY_LOCK', 'soon', 'duration'],
  ['PHOTOS_LOG_MAX_SIZE', 'much', 'size'],
  ['PHOTOS_NEWER', 'yesterday', 'time'],
])('a variable that is wrong is a usage error, too, and named: %s', async (variable, value, what) => {
  const { sync } = await userWith({})
  vi.stubEnv(variable, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const stderr = expect.stringContaining(`value '${value}' from env '${variable}' is invalid. '${value}' is not a ${what}`)
  expect(await sync()).toMatchObject({ exitCode: 2, stderr })
})

test('an outage of five minutes is told, once when it begins and once when it is over, and survived', async () => {
  const clock = hastyClock({ whenIdle: () => whenIdle() })
  let begunAtMs: number | undefined
  const { user, folder, whenIdle } = await wired(clips(3), ({ path }) => {
    if (path === '/v1/uploads') begunAtMs ??= clock.elapsed()
    const isOver = begunAtMs === undefined || clock.elapsed() - begunAtMs > 300_000
    return isOver ? undefined : { kind: 'reset', afterBytes: 0 }
  })
  const finished = await user.hereIn({ clock }, 'sync', folder, '--library', user.library, '--json')
  expect(summaryOf(finished)).toMatchObject({ uploaded: 3, exit_code: 0 })
  expect(messagesOf(finished).flatMap(({ message }) => (/answer/.test(String(message)) ? [message] : []))).toEqual([
    expect.stringMatching(/^the remote does not answer; trying until \d\d:\d\d$/),
    'the remote answers again',
  ])
})

test('a machine whose clock is wrong is told so', async () => {
  const { user, folder } = await wired(clips(1), () => undefined)
  const late = { now: () => Date.now() - 3 * 3_600_000 }
  const finished = await user.hereIn({ clock: late }, 'sync', folder, '--library', user.library, '--json')
  expect(summaryOf(finished)).toMatchObject({ uploaded: 1, exit_code: 0 })
  expect(messagesOf(finished).map(({ message }) => message)).toContain(
    "the clock of this machine is 3 hours behind the remote's; set it right",
  )
})
