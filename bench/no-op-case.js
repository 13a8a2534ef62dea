import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rememberProgram, startBackend } from './backend.js'
import { photosCommand, photosEnvironment, rcloneCommand, rcloneEnvironment, rcloneRemote } from './clients.js'
import { measure } from './measure.js'
import { settleDisk } from './settle-disk.js'

/**
 * @typedef {import('./measure.js').Measurement} Measurement
 *
 * @typedef {object} NoOpRuns
 * @property {Measurement | undefined} firstSync
 * @property {Measurement | undefined} firstCopy
 * @property {Measurement[]} photos
 * @property {number[]} requests of each run of `photos` to its backend
 * @property {Measurement[]} rclone
 * @property {Measurement[]} find the floor: every file looked at once
 * @property {Measurement[]} node the start of Node itself
 *
 * @typedef {object} NoOpOptions
 * @property {string} work
 * @property {string} source
 * @property {number} files
 * @property {number} rounds the first of which warms up
 * @property {boolean} withRclone
 * @property {boolean} [isRemembered] no first sync: what it would leave on this machine is written down instead
 * @property {AbortSignal} signal
 * @property {(message: string) => void} say
 */

const run = promisify(execFile)

/** A sync of a tree that was synced before, and so on round by round. @param {NoOpOptions} options @returns {Promise<NoOpRuns>} */
export async function measureNoOp({ work, source, files, rounds, withRclone, isRemembered = false, signal, say }) {
  const backend = await startBackend(join(work, 'backend'), signal)
  try {
    const ours = { environment: photosEnvironment(backend), signal, backendProcessId: backend.processId }
    const theirs = { environment: rcloneEnvironment(backend), signal, backendProcessId: backend.processId }
    const sync = photosCommand(['sync', source], backend)
    const copy = rcloneCommand(source, rcloneRemote('small'))
    const find = ['find', source, '-type', 'f', '-printf', '%s %T@\\n']

    /** @type {NoOpRuns} */
    const runs = { firstSync: undefined, firstCopy: undefined, photos: [], requests: [], rclone: [], find: [], node: [] }
    if (isRemembered) {
      say('remembering the files as synced …')
      const stateFolder = join(ours.environment.XDG_STATE_HOME, 'photos')
      await run(process.execPath, [rememberProgram, source, backend.library, stateFolder], { signal })
    } else {
      say('first sync …')
      runs.firstSync = await measure(sync, ours)
      if (withRclone) say('first rclone copy …')
      if (withRclone) runs.firstCopy = await measure(copy, theirs)
    }
    for (let round = 0; round < rounds; round++) {
      say(`no-op, round ${round + 1} of ${rounds} …`)
      settleDisk()
      const requestsBefore = await backend.countRequests()
      runs.photos.push(requireNothingSent(await measure(sync, ours), files))
      runs.requests.push((await backend.countRequests()) - requestsBefore)
      runs.find.push(await measure(find, { environment: process.env, signal }))
      runs.node.push(await measure([process.execPath, '-e', '0'], { environment: process.env, signal }))
      if (withRclone) runs.rclone.push(await measure(copy, theirs))
    }
    return runs
  } finally {
    await backend.stop()
  }
}

/** @param {Measurement} run @param {number} files */
function requireNothingSent(run, files) {
  if (!run.output.startsWith('uploaded 0 ') || !run.output.includes(`already stored ${files},`)) {
    throw new Error(`expected nothing to be sent, but the summary says: ${run.output}`)
  }
  return run
}
