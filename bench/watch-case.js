import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { startBackend } from './backend.js'
import { photosCommand, photosEnvironment } from './clients.js'
import { median } from './figures.js'
import { keepingNothing, tellingMemory } from './memory-environment.js'
import { eventsInStir, stir, stirredFiles } from './stir.js'

/**
 * @typedef {{ readonly heldBytes: number, readonly residentBytes: number }} Memory
 * @typedef {{ readonly first: Memory, readonly last: Memory }} WatchRun after 5,000 events, and after 50,000
 * @typedef {{ asItIs: WatchRun[], keepingNothing: WatchRun[] }} WatchRuns
 *
 * @typedef {object} WatchOptions
 * @property {string} work
 * @property {number} rounds
 * @property {AbortSignal} signal
 * @property {(message: string) => void} say
 */

/** What a watch has of memory early and late, by turns as it is and keeping nothing. @param {WatchOptions} options @returns {Promise<WatchRuns>} */
export async function measureWatch({ work, rounds, signal, say }) {
  /** @type {WatchRuns} */
  const runs = { asItIs: [], keepingNothing: [] }
  for (let round = 1; round <= rounds; round++) {
    say(`watch, round ${round} of ${rounds} …`)
    runs.asItIs.push(await watchOnce(work, tellingMemory, signal))
    runs.keepingNothing.push(await watchOnce(work, keepingNothing, signal))
  }
  return runs
}

/** @param {string} work @param {NodeJS.ProcessEnv} environment @param {AbortSignal} signal @returns {Promise<WatchRun>} */
async function watchOnce(work, environment, signal) {
  const folder = join(work, 'watched')
  mkdirSync(folder)
  for (const name of stirredFiles) writeFileSync(join(folder, name), name)
  const backend = await startBackend(join(work, 'backend'), signal)
  const watch = startWatch(folder, backend, environment, signal)
  try {
    await watch.until(() => watch.batches() > 0)
    await stirInRounds(watch, folder, 0, 5000)
    const first = await memoryOf(watch)
    await stirInRounds(watch, folder, 5000, 50_000)
    return { first, last: await memoryOf(watch) }
  } finally {
    await watch.stop()
    await backend.stop()
    rmSync(folder, { recursive: true })
  }
}

/** @param {string} folder @param {import('./backend.js').Backend} backend @param {NodeJS.ProcessEnv} environment @param {AbortSignal} signal */
function startWatch(folder, backend, environment, signal) {
  const [command = '', ...words] = photosCommand(['watch', folder, '--settle', '100ms', '--json'], backend)
  const env = { ...photosEnvironment(backend), ...environment }
  const child = spawn(command, words, { env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((done) => child.once('exit', done).once('error', done))
  let isEnded = false
  let wake = () => {}
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => hear('stdout', text))
  child.stderr.setEncoding('utf8').on('data', (text) => hear('stderr', text))
  void ended.then(() => {
    isEnded = true
    wake()
  })

  /** @param {'stdout' | 'stderr'} stream @param {string} text */
  function hear(stream, text) {
    said[stream] += text
    wake()
  }

  return {
    said,
    ask: () => child.kill('SIGUSR2'),
    batches: () => said.stdout.split('"message_type":"summary"').length - 1,
    /** Throws when the watch has ended before. @param {() => boolean} isSo */
    async until(isSo) {
      while (!isSo()) {
        if (isEnded) throw new Error(`photos watch has ended: ${said.stderr}`)
        await new Promise((woken) => {
          wake = () => woken(undefined)
        })
      }
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

const batchesAtLeast = 10

/** As many batches before either look. @param {ReturnType<typeof startWatch>} watch @param {string} folder @param {number} from @param {number} to */
async function stirInRounds(watch, folder, from, to) {
  const eventsInRound = (to - from) / batchesAtLeast
  for (let events = from; events < to; events += eventsInRound) {
    const before = watch.batches()
    for (let event = 0; event < eventsInRound; event += eventsInStir) {
      stir(folder, events + event)
      await setImmediate()
    }
    await watch.until(() => watch.batches() > before)
  }
}

const looks = 5

/** What is in the middle of several looks: one may come while a batch is under way. @param {ReturnType<typeof startWatch>} watch @returns {Promise<Memory>} */
async function memoryOf(watch) {
  /** @type {Memory[]} */
  const seen = []
  const tellings = () => [...watch.said.stderr.matchAll(/MEMORY \d+: (\d+) (\d+) \d+ END/g)]
  while (seen.length < looks) {
    const before = tellings().length
    watch.ask()
    await watch.until(() => tellings().length > before)
    const [, held, resident] = tellings().at(-1) ?? []
    seen.push({ heldBytes: Number(held), residentBytes: Number(resident) })
  }
  return {
    heldBytes: median(seen.map(({ heldBytes }) => heldBytes)),
    residentBytes: median(seen.map(({ residentBytes }) => residentBytes)),
  }
}
