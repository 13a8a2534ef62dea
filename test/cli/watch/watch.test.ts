import { statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import { type ExitCode, exitCodes } from '../../../cli/exit-codes.ts'
import { Interruption } from '../../../cli/interruption.ts'
import type { RunEvent } from '../../../cli/run-event.ts'
import { scan } from '../../../cli/sync/scan.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import type { Batch } from '../../../cli/watch/batch.ts'
import { watch } from '../../../cli/watch/watch.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'

const settleMs = 5000
const rescanMs = 3_600_000

interface World extends ManualClock {
  path(name: string): string
  /** What every batch since the first one was about: everything, or the names that changed. */
  readonly batches: ('everything' | readonly string[])[]
  readonly notes: string[]
  readonly putOff: string[]
  /** The files that were named. */
  readonly named: ReadonlySet<string>
  /** What a batch does from now on; until then it is nothing. */
  inBatches(does: (batch: Batch) => Promise<void>): void
  readonly ended: Promise<unknown>
  stop(): void
}

async function watching({ names = ['source'] } = {}): Promise<World> {
  const folder = await temporaryFolder()
  const stopping = new AbortController()
  const time = manualClock()
  for (const name of names) await mkdir(join(folder, name))
  const batches: World['batches'] = []
  const [notes, putOff]: [string[], string[]] = [[], []]
  const named = new Set<string>()
  const on = (event: RunEvent): void => void (event.kind === 'file' && named.add(basename(event.outcome.path)))
  let work = async (_batch: Batch): Promise<void> => {}
  const ended = watch(findSources(names.map((name) => join(folder, name))), {
    settleMs,
    rescanMs,
    clock: time.clock,
    signal: stopping.signal,
    note: (message) => notes.push(message.replaceAll(`${folder}/`, '')),
    report: () => ({ on, finish: () => {}, interrupt: () => {}, putOff: ({ message }) => putOff.push(message) }),
    async backUp(batch) {
      batches.push(batch.listed?.map((path) => path.slice(folder.length + 1)).sort() ?? 'everything')
      await work(batch)
    },
  }).catch((error: unknown) => error)
  const stop = (): void => stopping.abort(new Interruption('SIGTERM'))
  onTestFinished(async () => {
    stop()
    await ended
  })
  const path = (name: string): string => join(folder, name)
  await time.until(() => batches.length > 0)
  batches.length = 0
  return {
    ...time,
    path,
    batches,
    notes,
    putOff,
    named,
    ended,
    stop,
    inBatches(does) {
      work = does
    },
  }
}

function failure(exitCode: ExitCode): UserError {
  return new UserError(`failed with ${exitCode}`, { exitCode, hint: 'wait' })
}

test('begins with everything, then takes what has changed and stood still, in one batch', async () => {
  const { batches, notes, path, until } = await watching()
  expect(notes).toEqual(['watching one source, 1 folder in all'])
  await mkdir(path('source/DCIM'))
  for (const name of ['a.jpg', 'b.jpg', 'gone.jpg', 'half.part']) await writeFile(path(`source/${name}`), name)
  await rm(path('source/gone.jpg'))
  await until(() => batches.length > 0)
  expect(batches).toEqual([['source/DCIM', 'source/a.jpg', 'source/b.jpg']])
})

test('a file is taken --settle and less than a second after it was written, whatever else waits for its turn', async () => {
  const { batches, clock, path, until, inBatches } = await watching()
  inBatches(async ({ on, listed }) => {
    for (const name of listed?.filter((each) => each.endsWith('bad.jpg')) ?? []) {
      on({ kind: 'file', outcome: { action: 'failed', path: name, sizeBytes: 1, reason: 'no' } })
    }
  })
  for (const name of ['source/bad.jpg', 'source/a.jpg', 'source/b.jpg']) {
    const [before, createdMs] = [batches.length, clock.elapsed()]
    await writeFile(path(name), '')
    await until(() => clock.elapsed() > createdMs + 200, 10)
    await writeFile(path(name), name)
    const writtenMs = clock.elapsed()
    await until(() => batches.length > before, 10)
    expect(batches.at(-1)).toEqual([name])
    expect(clock.elapsed() - writtenMs).toBeGreaterThanOrEqual(settleMs)
    expect(clock.elapsed() - writtenMs).toBeLessThan(settleMs + 1000)
  }
})

test('looks through everything again and again, and after the machine has slept', async () => {
  const { batches, until, advance, sleep } = await watching()
  await until(() => batches.length > 0, 60_000)
  await until(() => batches.length > 1, 60_000)
  sleep(8 * 3_600_000)
  advance(6000)
  await until(() => batches.length > 2, 0)
  expect(batches).toEqual(['everything', 'everything', 'everything'])
})

test('a source that goes is said once and waited for, while the others go on; back again, everything is looked through', async () => {
  const { batches, notes, path, until, inBatches } = await watching({ names: ['card', 'phone'] })
  const folders: (readonly string[])[] = []
  inBatches(async (batch) => void folders.push(batch.folders))
  await rename(path('card'), path('elsewhere'))
  await until(() => notes.length > 1)
  await writeFile(path('phone/a.jpg'), 'a')
  await until(() => batches.length > 0)
  await rename(path('elsewhere'), path('card'))
  await until(() => batches.length > 1)
  await writeFile(path('card/b.jpg'), 'b')
  await until(() => batches.length > 2)
  expect(batches).toEqual([['phone/a.jpg'], 'everything', ['card/b.jpg']])
  expect(folders[0]).toEqual([path('phone')])
  expect(notes).toEqual(['watching 2 sources, 2 folders in all', 'card is gone; waiting until it is back', 'card is back'])
})

test.each([exitCodes.remoteUnreachable, exitCodes.locked, exitCodes.sourceMissing, exitCodes.clockWrong])(
  'a batch that fails with %i is tried again after growing pauses, with what has come since',
  async (exitCode) => {
    const { batches, clock, putOff, path, until, inBatches } = await watching()
    const attemptsMs: number[] = []
    inBatches(async () => {
      attemptsMs.push(clock.elapsed())
      if (attemptsMs.length <= 9) throw failure(exitCode)
    })
    await writeFile(path('source/a.jpg'), 'a')
    await until(() => attemptsMs.length > 8)
    await writeFile(path('source/b.jpg'), 'b')
    await until(() => attemptsMs.length > 9)
    expect(batches.filter((batch) => batch !== 'everything').at(0)).toEqual(['source/a.jpg'])
    expect(batches.at(-1)).toEqual(['source/a.jpg', 'source/b.jpg'])
    expect(putOff).toHaveLength(9)
    const pausesMs = attemptsMs.slice(1).map((moment, index) => moment - (attemptsMs[index] ?? 0))
    expect(pausesMs[0]).toBeGreaterThanOrEqual(5000)
    expect(pausesMs.at(-1)).toBeGreaterThanOrEqual(300_000)
    expect(Math.max(...pausesMs)).toBeLessThan(320_000)
  },
)

test.each([exitCodes.usage, exitCodes.noRemote, exitCodes.notSignedIn])(
  'one that fails with %i ends the watch',
  async (exitCode) => {
    const { ended, path, until, inBatches } = await watching()
    let end: unknown
    inBatches(async () => {
      throw failure(exitCode)
    })
    await writeFile(path('source/a.jpg'), 'a')
    void ended.then((error) => {
      end = error
    })
    await until(() => end !== undefined)
    expect(end).toMatchObject({ exitCode })
  },
)

test('a file that fails is tried again, later each time; one that is gone has not failed', async () => {
  const { batches, clock, named, path, until, inBatches } = await watching()
  const attemptsMs: number[] = []
  inBatches(async ({ on, listed }) => {
    if (listed === undefined) return
    attemptsMs.push(clock.elapsed())
    for (const name of ['bad.jpg', 'gone.jpg', 'not \ufffd UTF-8.jpg']) {
      on({ kind: 'file', outcome: { action: 'failed', path: path(`source/${name}`), sizeBytes: 1, reason: 'no' } })
    }
  })
  await writeFile(path('source/bad.jpg'), 'a')
  await until(() => batches.includes('everything'), 1000)
  expect(attemptsMs).toHaveLength(4)
  expect([...named]).toEqual(['bad.jpg', 'not \ufffd UTF-8.jpg'])
  const pausesMs = attemptsMs.slice(1).map((moment, index) => moment - (attemptsMs[index] ?? 0))
  for (const [index, leastMs] of [30_000, 120_000, 480_000].entries()) {
    expect(pausesMs[index]).toBeGreaterThanOrEqual(leastMs)
    expect(pausesMs[index]).toBeLessThan(leastMs + 2 * settleMs + 2000)
  }
})

test('a file that failed and was not named by the next look, as it has not changed, has all its tries again', async () => {
  const { batches, path, until, inBatches } = await watching()
  const looks: string[] = []
  inBatches(async ({ on, listed }) => {
    if (listed === undefined) looks.push('look')
    if (looks.length === 1) return
    on({ kind: 'file', outcome: { action: 'failed', path: path('source/bad.jpg'), sizeBytes: 1, reason: 'no' } })
  })
  await writeFile(path('source/bad.jpg'), 'a')
  await until(() => looks.length === 1, 1000)
  expect(batches).toHaveLength(5)
  await until(() => looks.length === 2, 1000)
  await until(() => batches.length === 7, 1000)
  expect(batches.slice(4)).toEqual(['everything', 'everything', ['source/bad.jpg']])
})

test('a look through everything leaves what was written just now for a batch of its own', async () => {
  const { batches, clock, notes, path, sleep, until, inBatches } = await watching()
  const held: boolean[] = []
  inBatches(async ({ isHeldBack, listed }) => {
    if (listed !== undefined) return
    sleep(statSync(path('source/young.jpg')).mtimeMs - clock.now()) // however long ago that was
    for await (const { files } of scan(findSources([path('source')]), { now: () => 0 })) held.push(...files.map(isHeldBack))
  })
  await rename(path('source'), path('elsewhere'))
  await writeFile(path('elsewhere/young.jpg'), 'a')
  await until(() => notes.includes('source is gone; waiting until it is back'))
  await rename(path('elsewhere'), path('source'))
  await until(() => batches.length > 1)
  expect(held).toEqual([true])
  expect(batches).toEqual(['everything', ['source/young.jpg']])
})

test('ends at once when it is stopped, also in the middle of a batch', async () => {
  const { ended, path, until, inBatches, stop } = await watching()
  let isUnderWay = false
  inBatches(async ({ signal }) => {
    isUnderWay = true
    while (!signal.aborted) await setImmediate()
    signal.throwIfAborted()
  })
  await writeFile(path('source/a.jpg'), 'a')
  await until(() => isUnderWay)
  stop()
  expect(await ended).toBeInstanceOf(Interruption)
})
