import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { removeAuthSecret } from './auth-secret.js'
import { findAccount } from './aws-account.js'
import { whileDoing } from './aws-failures.js'
import { parseRemove } from './command-line.js'
import { commandsOf, held, npmRun } from './commands.js'
import { confirm } from './confirm.js'
import { DeployFailure } from './deploy-failure.js'
import { describeKept, findKept } from './kept.js'
import { namesOf } from './names.js'
import { asOnlyRun } from './one-run.js'
import { requireOurStack } from './our-mark.js'
import { findRemembered, forget, remember } from './remembered.js'
import { runServerless } from './run-serverless.js'
import { settingsOf } from './settings.js'
import { deleteStack, findStack, requireUnchanged, settledStack, stackNameOf } from './stack.js'
import { say } from './tell.js'
import { describeGoing, findGoing } from './what-goes.js'
import { tellWhatIsLeft } from './what-is-left.js'

/**
 * @typedef {import('./command-line.js').CommandLine} CommandLine
 * @typedef {import('./stack.js').Stack} Stack
 */

const flags = ['[--stage NAME]', '[--region REGION]', '[--profile NAME]', '[--yes]']

const help = `${held(`${npmRun('deploy:remove')} --`)} ${flags.map(held).join(' ')}

Takes the backend of photos out of your AWS account: functions, API, queues, alarms, the sign-in page.
It shows what goes, and what stays, and asks. Every device has to sign in anew after the next deployment.
Buckets, tables and the user pool stay, with all that is in them, and go on costing what they hold; how to delete
those is printed.
`

/** @type {import('./run-script.js').Script} */
export const removing = { name: 'deploy:remove', help, parse: parseRemove, run: remove }

/** @param {CommandLine} line */
async function remove(line) {
  const account = await findAccount(line)
  const cloudFormation = new CloudFormationClient(account.client)
  const names = namesOf(line.stage, account)
  const stack = await whileDoing('look at the stack', () => settledStack(cloudFormation, stackNameOf(line.stage), say))
  say(`AWS account  ${account.accountId}, as ${account.arn}`)
  say(`region       ${account.region}`)
  say(`stage        ${line.stage}: ${stack === undefined ? 'nothing is deployed' : `to be removed (${stack.status})`}`)
  const remembered = await findRemembered(account, names, stack)
  // What was chosen has no say in a removal; serverless only wants its file to be one.
  const settings = settingsOf({}, {}, account.region)
  if (stack !== undefined) {
    const before = await findKept(account, names, { measured: true })
    await requireOurStack(cloudFormation, stack, names, before)
    await show(cloudFormation, stack, before, names.authSecretParameter)
    if (!(await confirm('Remove what goes?', line))) {
      throw new DeployFailure('nothing was removed', ({ help }) => `${help()} says what it would do`)
    }
    await asOnlyRun(async () => {
      await requireUnchanged(cloudFormation, stack.name, stack)
      if (stack.parameters !== undefined) await remember(account, names, stack.parameters)
      await removeStack(cloudFormation, stack, { account, stage: line.stage, settings })
    })
  }
  await whileDoing('remove the secret of the sign-in function', () => removeAuthSecret(account, names.authSecretParameter))
  const kept = await findKept(account, names, { measured: true })
  if (kept.length === 0) await forget(account, names)
  tellWhatIsLeft(kept, { account, names, removed: stack !== undefined, remembered, commands: commandsOf(line) })
}

/**
 * @param {CloudFormationClient} cloudFormation
 * @param {Stack} stack
 * @param {readonly import('./kept.js').Kept[]} kept
 * @param {string} authSecret
 */
async function show(cloudFormation, stack, kept, authSecret) {
  say('These go:')
  for (const each of describeGoing(await findGoing(cloudFormation, stack.name, kept), authSecret)) say(each)
  if (kept.length === 0) return
  say('These stay, with everything that is in them:')
  for (const each of describeKept(kept)) say(each)
}

/**
 * @param {CloudFormationClient} cloudFormation
 * @param {Stack} stack
 * @param {import('./run-serverless.js').ServerlessOptions} options
 */
async function removeStack(cloudFormation, stack, options) {
  // A stack that was never made has none of the bucket that serverless would empty first.
  if (stack.status === 'REVIEW_IN_PROGRESS') return deleteStack(cloudFormation, stack.name)
  await runServerless('remove', options)
  const left = await findStack(cloudFormation, stack.name)
  if (left !== undefined)
    throw new DeployFailure(`stack ${stack.name} is still there (${left.status}) ${left.reason}`, 'Run the same command again.')
}
