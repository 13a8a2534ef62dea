import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { keepingNothing } from '../../bench/memory-environment.js'
import { eventsInStir, stir, stirredFiles } from '../../bench/stir.js'
import type { Fault, PassingRequest } from './fault-proxy.ts'
import { listPhotos, messagesOf, type RunningPhotos, summaryOf } from './photos-process.ts'
import { clips, partBytes, uploadSizes, wired } from './wired.ts'

/** For a user of its own, so that nobody else is short of them. */
const limitWatches = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"'

test('SIGTERM in the middle of a large upload ends the watch within 5 s; the next run goes on at the next part', async () => {
  let parts = 0
  let isStopped = false
  const wire = new EventEmitter()
  const large = randomBytes(9 * partBytes)
  const holdUp = ({ isUpload }: PassingRequest): Fault => {
    if (!isUpload || isStopped) return undefined
    parts += 1
    wire.emit(`part ${parts}`)
    return parts > 3 ? { kind: 'stall', before: 'request' } : undefined
  }
  const { user, folder, sync } = await wired({ 'MVI_1.MOV': large }, holdUp, { uploadSizes })
  const watch = user.start(['watch', folder, '--library', user.library, '--settle', '100ms', '--verbose'])
  // Four at once: the sixth is sent when two have arrived.
  await Promise.race([once(wire, 'part 6'), untilEnded(watch)])
  const stoppedAtMs = performance.now()
  watch.child.kill('SIGTERM')
  const { exitCode, stderr } = await watch.finished
  expect(performance.now() - stoppedAtMs).toBeLessThan(5000)
  expect({ exitCode, stderr }).toEqual({ exitCode: 143, stderr: expect.stringContaining('interrupted') })
  isStopped = true
  const { bytes_uploaded: bytes } = summaryOf(await sync())
  expect(bytes).toBeLessThanOrEqual(large.length - 2 * partBytes)
  expect(await listPhotos(user)).toMatchObject([{ size_bytes: large.length }])
})

/** Rejects when it has ended. */
async function untilEnded({ finished }: RunningPhotos): Promise<never> {
  throw new Error(`photos ended: ${JSON.stringify(await finished)}`)
}

test('events are backed up, as JSON; what comes while the remote is away is backed up when it is back', async () => {
  let isAway = false
  const { user, folder } = await wired(clips(2), () => (isAway ? { kind: 'reset', afterBytes: 0 } : undefined))
  const watch = user.start(['watch', folder, '--library', user.library, '--settle', '100ms', '--json'])
  await watch.saying(/"message_type":"summary","uploaded":2/)
  isAway = true
  await writeFile(join(folder, 'MVI_8.MP4'), randomBytes(1000))
  await watch.saying(/"message_type":"error".*"exit_code":5/)
  await writeFile(join(folder, 'MVI_9.MP4'), randomBytes(1000))
  isAway = false
  await watch.saying(/"action":"uploaded","path":"[^"]*MVI_8.MP4"/)
  await watch.saying(/"action":"uploaded","path":"[^"]*MVI_9.MP4"/)
  isAway = true
  await writeFile(join(folder, 'MVI_10.MP4'), randomBytes(1000))
  await watch.saying(/"message_type":"error".*"exit_code":5.*"message_type":"error".*"exit_code":5/s)
  const stoppedAtMs = performance.now()
  watch.child.kill('SIGTERM')
  const end = await watch.finished
  expect(performance.now() - stoppedAtMs).toBeLessThan(5000)
  isAway = false
  expect(end.exitCode).toBe(143)
  expect(messagesOf(end).length).toBeGreaterThan(5)
  expect(await listPhotos(user)).toHaveLength(4)
})

const canLimitWatches = spawnSync('unshare', ['-Ur', 'sh', '-c', limitWatches, 'sh', 'true']).status === 0

test.skipIf(!canLimitWatches)('with too few watches it says so, and what no event tells is found by looking', async () => {
  const { user, folder } = await wired({ 'a/b/c/MVI_1.MP4': randomBytes(1000) }, () => undefined)
  const watch = user.start(['watch', folder, '--library', user.library, '--settle', '0', '--rescan', '1s', '--json'], {
    wrapper: ['unshare', '-Ur', 'sh', '-c', limitWatches, 'sh'],
  })
  await watch.saying(/the system watches no more folders.*all is looked through every/)
  await watch.saying(/"message_type":"summary","uploaded":1/)
  await writeFile(join(folder, 'a/b/c/MVI_2.MP4'), randomBytes(1000))
  await watch.saying(/"action":"uploaded","path":"[^"]*MVI_2.MP4"/)
})

interface Memory {
  /** Of objects, and what hangs on them. */
  readonly heldBytes: number
  /** Without what is there for young objects: 2 MB of 20, or 0.2 MB, as V8 likes. */
  readonly residentBytes: number
}

const memorySchema = z.tuple([z.coerce.number(), z.coerce.number(), z.coerce.number()])

test('memory after 50,000 events is within 20 % of that after 5,000', { timeout: 300_000 }, async () => {
  const { user, folder } = await wired(Object.fromEntries(stirredFiles.map((name) => [name, randomBytes(1000)])), () => undefined)
  const watch = user.start(['watch', folder, '--library', user.library, '--settle', '100ms', '--json'], {
    environment: keepingNothing,
  })
  await watch.saying(/"message_type":"summary","uploaded":7/)
  await stirInRounds(watch, folder, { from: 0, to: 5000, rounds: 5 })
  const first = await memoryOf(watch)
  await stirInRounds(watch, folder, { from: 5000, to: 50_000, rounds: 9 })
  const last = await memoryOf(watch)
  process.stderr.write(`memory of a watch in bytes: ${JSON.stringify({ first, last })}, in ${summariesOf(watch)} batches\n`)
  // What is held hardly wobbles: 30 bytes an event are more than this.
  expect(last.heldBytes).toBeLessThan(1.1 * first.heldBytes)
  expect(last.residentBytes).toBeLessThan(1.2 * first.residentBytes)
})

interface Events {
  readonly from: number
  readonly to: number
  readonly rounds: number
}

/** After each round waits for a batch, or more. */
async function stirInRounds(watch: RunningPhotos, folder: string, { from, to, rounds }: Events): Promise<void> {
  const eventsInRound = (to - from) / rounds
  for (let events = from; events < to; events += eventsInRound) {
    const before = summariesOf(watch)
    for (let event = 0; event < eventsInRound; event += eventsInStir) {
      stir(folder, events + event)
      await setImmediate()
    }
    await untilSaid(watch, () => summariesOf(watch) > before)
  }
}

async function untilSaid(watch: RunningPhotos, isSo: () => boolean): Promise<void> {
  const { child } = watch
  const ended = untilEnded(watch)
  while (!isSo()) await Promise.race([ended, once(child.stdout ?? child, 'data')])
  ended.catch(() => {}) // it is killed in the end
}

function summariesOf({ said }: RunningPhotos): number {
  return said.stdout.split('"message_type":"summary"').length - 1
}

const looks = 5

/** What is in the middle of several looks: one may come while a batch is under way. */
async function memoryOf(watch: RunningPhotos): Promise<Memory> {
  const seen: Memory[] = []
  const before = watch.said.stderr.split('MEMORY').length - 1
  for (let look = 1; look <= looks; look += 1) {
    watch.child.kill('SIGUSR2')
    const [, ...told] = await watch.saying(new RegExp(`MEMORY ${before + look}: (\\d+) (\\d+) (\\d+) END`), 'stderr')
    const [heldBytes, residentBytes, youngBytes] = memorySchema.parse(told)
    seen.push({ heldBytes, residentBytes: residentBytes - youngBytes })
  }
  return {
    heldBytes: medianOf(seen.map(({ heldBytes }) => heldBytes)),
    residentBytes: medianOf(seen.map((one) => one.residentBytes)),
  }
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
