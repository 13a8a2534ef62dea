import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { shared } from '../scripts/build.js'

/** Beside the CLI, because the packages and the worker that it loads are looked for from there. */
const backendProgram = fileURLToPath(new URL('../dist/bench-backend.js', import.meta.url))
/** Writes down what a first sync would leave: `node … FOLDER LIBRARY STATE_FOLDER`. */
export const rememberProgram = fileURLToPath(new URL('../dist/bench-remember.js', import.meta.url))

export async function buildPrograms() {
  await esbuild.build({ ...shared, entryPoints: ['bench/serve-backend.ts'], outfile: backendProgram })
  await esbuild.build({ ...shared, entryPoints: ['bench/remember-files.ts'], outfile: rememberProgram })
}

/**
 * @typedef {object} Backend A fresh library, served by a process of its own.
 * @property {number} processId
 * @property {string} library
 * @property {string} url
 * @property {{ readonly accessKeyId: string, readonly secretAccessKey: string }} credentials of its S3, for the bucket `bench`
 * @property {() => Promise<number>} countRequests all that were made so far
 * @property {() => Promise<void>} stop also removes the library
 */

/** @param {string} folder for everything that it keeps; must not exist @param {AbortSignal} signal @returns {Promise<Backend>} */
export async function startBackend(folder, signal) {
  const library = join(folder, 'library')
  await mkdir(folder)
  const serving = spawn(process.execPath, [backendProgram, library, join(folder, 'bench')], {
    signal,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = new Promise((done) => serving.once('exit', done).once('error', done))
  const stop = async () => {
    serving.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const [url] = await Promise.race([
    once(createInterface({ input: required(serving.stdout) }), 'line'),
    ended.then(() => Promise.reject(new Error('the backend did not start'))),
  ])
  const credentials = JSON.parse(await readFile(join(library, '.photos', 'library.json'), 'utf8'))
  const countRequests = async () => {
    serving.send('how many?')
    const [count] = await once(serving, 'message')
    return Number(count)
  }
  return { processId: serving.pid ?? 0, library, url, credentials, countRequests, stop }
}

/** @template T @param {T | null} value @returns {T} */
function required(value) {
  if (value === null) throw new Error('a pipe of the backend is missing')
  return value
}
