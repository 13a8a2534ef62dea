import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import type { FileOutcome } from '../../../cli/run-event.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import { createBatchReporter } from '../../../cli/terminal/batch-line.ts'
import { watch } from '../../../cli/watch/watch.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { readTree } from '../../whole-path/tree.ts'
import { createRemoteInMemory, type RemoteInMemory } from '../sync/remote-in-memory.ts'
import { runSync } from '../sync/run-sync.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'
import { manualClock } from './manual-clock.ts'

interface WatchedCard {
  path(name: string): string
  readonly backend: RemoteInMemory
  readonly outcomes: readonly FileOutcome[]
  readonly output: RecordedStream
  /** Lets so many milliseconds pass by the watch's clock; the batches that begin by then come to their end. */
  pass(milliseconds: number): Promise<void>
}

/** A folder that is watched with a clock that the test moves on, and real events of its files. */
async function watchCard(): Promise<WatchedCard> {
  const stateFolder = await temporaryFolder()
  const card = join(stateFolder, 'card')
  await mkdir(card)
  const [time, backend, stopping, output] = [manualClock(), createRemoteInMemory(), new AbortController(), new RecordedStream()]
  const reporter = createBatchReporter({ mode: 'lines', stdout: output, stderr: output, now: () => new Date(0), verbose: false })
  const outcomes: FileOutcome[] = []
  let underWay: Promise<unknown> = Promise.resolve()
  const ended = watch(findSources([card]), {
    settleMs: 5000,
    rescanMs: 3_600_000,
    clock: time.clock,
    signal: stopping.signal,
    note: reporter.note,
    report: reporter.begin,
    async backUp({ folders, on, ...batch }) {
      const run = runSync(folders, { ...backend, ...batch, stateFolder, onEvent: on })
      underWay = run
      outcomes.push(...(await run).outcomes)
    },
  }).catch((error: unknown) => error)
  onTestFinished(async () => {
    stopping.abort(new Interruption('SIGTERM'))
    await ended
  })
  return {
    path: (name) => join(card, name),
    backend,
    outcomes,
    output,
    async pass(milliseconds) {
      for (let passed = 0; passed < milliseconds; passed += 250) {
        time.advance(250)
        // Events come when the system brings them, and a batch begins some turns after its time has come.
        for (let turn = 0; turn < 5; turn += 1) await setImmediate()
        await underWay
      }
    },
  }
}

test('2,000 files in bursts, some renamed, half-written or deleted: what remains is stored once, and nothing fails', async () => {
  const { path, pass, backend, outcomes, output } = await watchCard()
  await pass(1000)
  for (let burst = 0; burst < 10; burst += 1) {
    const folder = path(`10${burst}CANON`)
    await mkdir(folder)
    for (let index = 0; index < 200; index += 1) {
      const name = join(folder, `MVI_${index}.MP4`)
      await writeFile(name, randomBytes(200 + index))
      if (index % 10 === 0) await rename(name, join(folder, `renamed ${index}.MP4`))
      if (index % 20 === 1) await rm(name)
    }
    await appendFile(path('half-written.MP4'), randomBytes(1000))
    await pass(burst % 3 === 2 ? 4500 : 2000)
  }
  await pass(60_000)
  const remaining = [...(await readTree(path(''))).values()].map(({ contentHash }) => contentHash)
  expect(remaining).toHaveLength(10 * 190 + 1)
  expect([...backend.stored.keys()].sort()).toEqual(remaining.sort())
  expect(outcomes.filter(({ action }) => action !== 'uploaded')).toEqual([])
  expect(output.lines.length).toBeLessThan(12)
})

test('a file that is renamed, changed and deleted between batches is stored under what it became', async () => {
  const { path, pass, backend, output } = await watchCard()
  await pass(1000)
  await writeFile(path('IMG_1.JPG'), 'first')
  await pass(20_000)
  await rename(path('IMG_1.JPG'), path('holiday.JPG'))
  await writeFile(path('IMG_2.JPG'), 'second')
  await pass(20_000)
  await writeFile(path('IMG_2.JPG'), 'second, edited')
  await rm(path('holiday.JPG'))
  await pass(20_000)
  const locations = [...backend.stored.values()].flatMap((photo) => photo.locations.map((location) => location.path))
  expect(locations.sort()).toEqual(['card/IMG_1.JPG', 'card/IMG_2.JPG', 'card/IMG_2.JPG', 'card/holiday.JPG'])
  expect(output.lines.map((line) => line.replace(/^\S+ | in [\d.]+ s$/g, ''))).toEqual([
    'watching one source, 1 folder in all',
    expect.stringMatching(/^there are no files in .*card$/),
    'uploaded 0 (0 B), already stored 0, skipped 0, failed 0',
    'uploaded 1 (5 B), already stored 0, skipped 0, failed 0',
    'uploaded 1 (6 B), already stored 1, skipped 0, failed 0',
    'uploaded 1 (14 B), already stored 0, skipped 0, failed 0',
  ])
})
