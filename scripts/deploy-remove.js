// `npm run deploy:remove`: takes the backend out of an AWS account again. Photos, index and accounts stay there; it says how to delete them.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { removeAuthSecret } from './deploy/auth-secret.js'
import { findAccount } from './deploy/aws-account.js'
import { whileDoing } from './deploy/aws-failures.js'
import { flagsOf, parseRemove } from './deploy/command-line.js'
import { confirm } from './deploy/confirm.js'
import { DeployFailure } from './deploy/deploy-failure.js'
import { describeKept, findKept, howToDelete } from './deploy/kept.js'
import { namesOf } from './deploy/names.js'
import { runScript } from './deploy/run-script.js'
import { runServerless } from './deploy/run-serverless.js'
import { chosen, settingsOf } from './deploy/settings.js'
import { deleteStack, findStack, settledStack, stackNameOf } from './deploy/stack.js'

/** @typedef {import('./deploy/command-line.js').CommandLine} CommandLine */
/** @typedef {import('./deploy/aws-account.js').Account} Account */

const help = `npm run deploy:remove -- [--stage NAME] [--region REGION] [--profile NAME] [--yes]

Takes the backend of photos out of your AWS account: functions, API, queues, alarms, the sign-in page. Every device has to sign in
anew after the next npm run deploy. Buckets, tables and the user pool stay, with all that is in them, and go on costing what
they hold; how to delete those is printed.
`

await runScript(async (words) => {
  const line = parseRemove(words)
  if (line.help) return void process.stdout.write(help)
  await remove(line)
})

/** @param {CommandLine} line */
async function remove(line) {
  const account = await findAccount(line)
  const cloudFormation = new CloudFormationClient(account.client)
  const names = namesOf(line.stage, account)
  const stack = await whileDoing('look at the stack', () => settledStack(cloudFormation, stackNameOf(line.stage), say))
  const settings = settingsOf({}, stack?.parameters ?? {}, account.region)
  say(`AWS account  ${account.accountId}, as ${account.arn}`)
  say(`region       ${account.region}`)
  say(`stage        ${line.stage}: ${stack === undefined ? 'nothing is deployed' : `to be removed (${stack.status})`}`)
  const kept = await findKept(account, names, { measured: true })
  if (stack !== undefined) {
    tellKept(kept, 'These stay, with everything that is in them:')
    if (!(await confirm('Remove all else?', { yes: line.yes, command: 'npm run deploy:remove' }))) {
      throw new DeployFailure('nothing was removed', 'npm run deploy:remove -- --help says what it would do')
    }
    await removeStack(cloudFormation, stack, { account, stage: line.stage, settings })
  }
  await whileDoing('remove the secret of the sign-in function', () => removeAuthSecret(account, names.authSecretParameter))
  tellWhatIsLeft(await findKept(account, names, { measured: true }), account, redeployCommand(line, settings))
}

/**
 * @param {CloudFormationClient} cloudFormation
 * @param {import('./deploy/stack.js').Stack} stack
 * @param {{ account: Account, stage: string, settings: import('./deploy/settings.js').Settings }} options
 */
async function removeStack(cloudFormation, stack, options) {
  // A stack that was never made has none of the bucket that serverless would empty first.
  if (stack.status === 'REVIEW_IN_PROGRESS') return deleteStack(cloudFormation, stack.name)
  await runServerless('remove', options)
  const left = await findStack(cloudFormation, stack.name)
  if (left !== undefined)
    throw new DeployFailure(`stack ${stack.name} is still there (${left.status}) ${left.reason}`, 'Run the same command again.')
}

/** @param {readonly import('./deploy/kept.js').Kept[]} kept @param {string} heading */
function tellKept(kept, heading) {
  if (kept.length === 0) return
  say(heading)
  for (const each of describeKept(kept)) say(each)
}

/** @param {readonly import('./deploy/kept.js').Kept[]} kept @param {Account} account @param {string} redeploy */
function tellWhatIsLeft(kept, account, redeploy) {
  if (kept.length === 0) return say('\nNothing of photos is left in this account and region.')
  tellKept(kept, '\nRemoved. These are still there, and cost what they hold:')
  say(`\nTo take them in again, with what it was deployed with: ${redeploy}`)
  say(
    '\nTo delete them for good, photos and all (nobody can bring them back): copy what you want to keep first, with photos pull, as long as',
  )
  say('it is deployed. Then type these, here or in AWS CloudShell (the >_ at the top of the console of AWS):\n')
  for (const command of howToDelete(kept, account.region)) process.stdout.write(`${command}\n`)
}

/** The stack, which remembers what was chosen, is gone by then. @param {CommandLine} line @param {import('./deploy/settings.js').Settings} settings */
function redeployCommand(line, settings) {
  const flags = flagsOf(line)
  const parameters = chosen(settings).map(([name, value]) => ` --param ${name}=${value}`)
  return `npm run deploy${flags || (parameters.length > 0 ? ' --' : '')}${parameters.join('')}`
}

/** For people: standard output has only what a person would copy. @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
