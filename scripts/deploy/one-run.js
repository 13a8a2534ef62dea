import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DeployFailure } from './deploy-failure.js'

/** Beside `.serverless`, which serverless empties; Git leaves both alone. */
const lockFile = fileURLToPath(new URL('../../.serverless.lock', import.meta.url))

/**
 * Does `work` as the only run in this folder: serverless puts what it is about to deploy into one place there, and two at once would deploy
 * each other's. What a run that was ended left behind is taken over. Throws a `DeployFailure` where another one is at work.
 * @template Result
 * @param {() => Promise<Result>} work
 * @param {string} [file]
 */
export async function asOnlyRun(work, file = lockFile) {
  await take(file)
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

/** @param {string} file @returns {Promise<void>} */
async function take(file) {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const holder = Number(await readFile(file, 'utf8').catch(() => ''))
    if (isRunning(holder)) {
      throw new DeployFailure(
        `another deployment is at work in this folder (process ${holder})`,
        `Run the same command again when it is done. If there is none, delete ${file}`,
      )
    }
    await rm(file, { force: true })
    return take(file)
  }
}

/** @param {number} processId */
function isRunning(processId) {
  if (!Number.isInteger(processId) || processId <= 0) return false
  try {
    return process.kill(processId, 0)
  } catch (error) {
    // Somebody else's is running all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
