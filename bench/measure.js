import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { bytesWrittenBy, cpuSecondsOf, cpuSecondsOfEndedChildren, forgetPeak, peakBytesOf } from './process-accounts.js'

/**
 * @typedef {object} Measurement One run of one command.
 * @property {number} cpuSeconds user and system, of the command's process and its children
 * @property {number} wallSeconds
 * @property {number | undefined} sentSeconds until it had written `watchedBytes`
 * @property {number} peakBytes the most that was resident (VmHWM, looked at every 20 ms)
 * @property {number} backendCpuSeconds in the same time
 * @property {number} backendPeakBytes
 * @property {string} output what it wrote to standard output
 *
 * @typedef {object} MeasureOptions
 * @property {NodeJS.ProcessEnv} environment
 * @property {AbortSignal} signal
 * @property {number} [backendProcessId]
 * @property {number} [watchedBytes]
 */

const lookEveryMs = 20

/**
 * Runs a command to its end and measures it. Nothing else may be waited for meanwhile: CPU time is what the kernel adds to
 * ours when the child has ended. Throws when it ends with anything but exit code 0.
 *
 * @param {readonly string[]} commandLine
 * @param {MeasureOptions} options
 * @returns {Promise<Measurement>}
 */
export async function measure([command = '', ...words], { environment, signal, backendProcessId, watchedBytes }) {
  const backendBefore = backendProcessId === undefined ? 0 : cpuSecondsOf(backendProcessId)
  if (backendProcessId !== undefined) forgetPeak(backendProcessId)
  const childrenBefore = cpuSecondsOfEndedChildren()
  const startedMs = performance.now()
  const running = spawn(command, words, { env: environment, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(running, 'exit')
  const outputs = Promise.all([text(running.stdout), text(running.stderr)])
  const watch = watchProcess(running.pid ?? 0, startedMs, watchedBytes)
  const [exitCode] = await ended.finally(watch.stop)
  const wallSeconds = secondsSince(startedMs)
  const cpuSeconds = cpuSecondsOfEndedChildren() - childrenBefore
  const [output, messages] = await outputs
  if (exitCode !== 0) throw new Error(`${command} ${words[0]} ended with exit code ${exitCode}:\n${messages}`)
  return {
    cpuSeconds,
    wallSeconds,
    ...watch.seen,
    backendCpuSeconds: backendProcessId === undefined ? 0 : cpuSecondsOf(backendProcessId) - backendBefore,
    backendPeakBytes: backendProcessId === undefined ? 0 : peakBytesOf(backendProcessId),
    output,
  }
}

/** @param {number} processId @param {number} startedMs @param {number | undefined} watchedBytes */
function watchProcess(processId, startedMs, watchedBytes) {
  const seen = { peakBytes: 0, sentSeconds: /** @type {number | undefined} */ (undefined) }
  const look = () => {
    seen.peakBytes = Math.max(seen.peakBytes, peakBytesOf(processId))
    if (watchedBytes !== undefined && seen.sentSeconds === undefined && bytesWrittenBy(processId) >= watchedBytes) {
      seen.sentSeconds = secondsSince(startedMs)
    }
  }
  const timer = setInterval(look, lookEveryMs)
  return { seen, stop: () => clearInterval(timer) }
}

/** @param {number} startedMs */
function secondsSince(startedMs) {
  return (performance.now() - startedMs) / 1000
}
