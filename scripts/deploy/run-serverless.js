import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { DeployFailure } from './deploy-failure.js'
import { chosen } from './settings.js'
import { say } from './tell.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The one in the project, never a global one. */
const program = createRequire(import.meta.url).resolve('serverless/bin/serverless.js')

/**
 * @typedef {object} ServerlessOptions
 * @property {import('./aws-account.js').Account} account
 * @property {string} stage
 * @property {import('./settings.js').Settings} settings
 * @property {boolean} [isPackaged] with the same settings, just before
 */

/**
 * Runs `serverless COMMAND`, as the very user and in the very region that were shown. Throws a `DeployFailure` where it fails; it
 * has said why by then.
 * @param {'package' | 'deploy' | 'remove'} command
 * @param {ServerlessOptions} options
 */
export async function runServerless(command, { account, stage, settings, isPackaged = false }) {
  const parameters = chosen(settings).flatMap(([name, value]) => ['--param', `${name}=${value}`])
  const words = [
    command,
    '--stage',
    stage,
    '--region',
    account.region,
    ...parameters,
    ...(isPackaged ? ['--package', '.serverless'] : []),
  ]
  const credentials = await account.credentials()
  warnOfTheirEnd(credentials)
  const child = spawn(process.execPath, [program, ...words], {
    cwd: root,
    env: environmentOf(credentials, account.region, stage),
    stdio: ['ignore', 'pipe', process.stderr],
  })
  // Progress goes to standard error. The other stream has a list of addresses, of which none is to be typed, or why it failed.
  const told = text(child.stdout)
  // Ctrl-C reaches it by itself, as it does this process; both then end, and AWS goes on by itself.
  const [exitCode] = await once(child, 'close')
  if (exitCode === 0) return
  process.stderr.write(await told)
  throw new DeployFailure(
    `serverless ${command} failed`,
    'Its reason stands above. Run the same command again when that is mended.',
  )
}

/**
 * A first deployment takes about ten minutes; serverless itself cannot renew what it was given.
 * @param {import('./aws-account.js').Credentials} credentials
 */
function warnOfTheirEnd({ expiration }) {
  const minutes = expiration === undefined ? Number.POSITIVE_INFINITY : Math.round((expiration.getTime() - Date.now()) / 60_000)
  if (minutes > 15) return
  say(
    `These credentials end in ${minutes} minutes. Should that be too soon, AWS finishes by itself: sign in anew and run the same command again.`,
  )
}

/** @param {import('./aws-account.js').Credentials} credentials @param {string} region @param {string} stage */
function environmentOf(credentials, region, stage) {
  // It would prefer variables and profiles of the stage's name, and then be somebody else than was shown.
  const own = new RegExp(`^AWS_(${stage}_|DEFAULT_)?(PROFILE|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION)$`, 'i')
  const others = Object.entries(process.env).filter(([name]) => !own.test(name))
  return {
    ...Object.fromEntries(others),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken !== undefined && { AWS_SESSION_TOKEN: credentials.sessionToken }),
  }
}
