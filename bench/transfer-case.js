import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startBackend } from './backend.js'
import { photosCommand, photosEnvironment, rcloneCommand, rcloneEnvironment, rcloneRemote, transfers } from './clients.js'
import { measure } from './measure.js'
import { settleDisk } from './settle-disk.js'

/**
 * @typedef {import('./measure.js').Measurement} Measurement
 * @typedef {{ photos: Measurement[], rclone: Measurement[] }} Runs
 *
 * @typedef {object} TransferOptions
 * @property {string} work a folder of the benchmark's own
 * @property {string} source the files
 * @property {number} files
 * @property {number} totalBytes
 * @property {boolean} withRclone
 * @property {AbortSignal} signal
 */

/**
 * One round: up with either client, then down with either, against one fresh backend. Who comes first changes from round
 * to round, so that neither always meets the warmer one.
 *
 * @param {number} round @param {TransferOptions} options @param {{ up: Runs, down: Runs }} runs
 */
export async function transferRound(round, options, { up, down }) {
  const { work, withRclone, signal } = options
  const backend = await startBackend(join(work, 'backend'), signal)
  try {
    const clients = [photosClient(backend, options), ...(withRclone ? [rcloneClient(backend, options)] : [])]
    if (round % 2 === 1) clients.reverse()
    for (const client of clients) {
      settleDisk()
      up[client.name].push(await client.up())
    }
    for (const client of clients) {
      settleDisk()
      down[client.name].push(await client.down())
      await rm(join(work, 'down'), { recursive: true })
    }
  } finally {
    await backend.stop()
  }
}

/** @param {import('./backend.js').Backend} backend @param {TransferOptions} options */
function photosClient(backend, { work, source, files, totalBytes, signal }) {
  const measuring = { environment: photosEnvironment(backend), signal, backendProcessId: backend.processId }
  const common = ['--json', '--transfers', transfers]
  return {
    name: /** @type {const} */ ('photos'),
    up: async () => {
      const command = photosCommand(['sync', source, ...common], backend)
      const run = await measure(command, { ...measuring, watchedBytes: totalBytes })
      return requireCount(run, 'uploaded', files)
    },
    down: async () => {
      const command = photosCommand(['pull', '--to', join(work, 'down'), ...common], backend)
      return requireCount(await measure(command, measuring), 'pulled', files)
    },
  }
}

/** @param {import('./backend.js').Backend} backend @param {TransferOptions} options */
function rcloneClient(backend, { work, source, signal }) {
  const measuring = { environment: rcloneEnvironment(backend), signal, backendProcessId: backend.processId }
  return {
    name: /** @type {const} */ ('rclone'),
    up: async () => await measure(rcloneCommand(source, rcloneRemote('files')), measuring),
    down: async () => await measure(rcloneCommand(rcloneRemote('files'), join(work, 'down')), measuring),
  }
}

/**
 * A figure of a run that did less than it should is worse than none.
 * @param {Measurement} run @param {'uploaded' | 'already_stored' | 'pulled'} word @param {number} expected
 */
function requireCount(run, word, expected) {
  const summary = JSON.parse(run.output.trimEnd().split('\n').at(-1) ?? '{}')
  if (summary[word] !== expected) throw new Error(`expected ${expected} ${word}, but the summary says ${JSON.stringify(summary)}`)
  return run
}
