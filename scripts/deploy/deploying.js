import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { ensureAuthSecret } from './auth-secret.js'
import { findAccount } from './aws-account.js'
import { whileDoing } from './aws-failures.js'
import { checkRemote, isKnownName } from './check-remote.js'
import { parseDeploy } from './command-line.js'
import { commandsOf, held, npmRun } from './commands.js'
import { confirm } from './confirm.js'
import { DeployFailure } from './deploy-failure.js'
import { explainDeployment } from './explain-deployment.js'
import { describeInvitation, inviteUser } from './first-user.js'
import { describeKept, findKept } from './kept.js'
import { namesOf } from './names.js'
import { asOnlyRun } from './one-run.js'
import { requireOurStack } from './our-mark.js'
import { findRemembered, remember, requireReadable } from './remembered.js'
import { runServerless } from './run-serverless.js'
import { chosen, defaultOf, explainParameters, settingsOf } from './settings.js'
import { failuresSince, findStack, mendStack, requireDeployable, requireUnchanged, settledStack, stackNameOf } from './stack.js'
import { findLeftOver, readCompiledTemplate, takeInAgain } from './take-in-again.js'
import { say } from './tell.js'

/**
 * @typedef {import('./command-line.js').CommandLine} CommandLine
 * @typedef {import('./aws-account.js').Account} Account
 * @typedef {import('./kept.js').Kept} Kept
 * @typedef {import('./settings.js').Settings} Settings
 * @typedef {import('./stack.js').Stack} Stack
 */

const flags = ['[--stage NAME]', '[--region REGION]', '[--profile NAME]', '[--param NAME=VALUE]…', '[--user EMAIL]', '[--yes]']

const help = `${held(`${npmRun('deploy')} --`)} ${flags.map(held).join(' ')}

Puts the backend of photos into your AWS account, or upgrades it, and prints what to give to photos login.
What was chosen with --param stays chosen at the next run; an empty value goes back to the default.

  --stage NAME         several backends in one account have names (default: prod)
  --region REGION      where the photos are kept, like eu-central-1 (default: that of the AWS CLI)
  --profile NAME       of ~/.aws/config
  --user EMAIL         lets a person sign in, who is sent a temporary password
  --continue-rollback  after an upgrade that could not be undone
  -y, --yes            asks nothing

Parameters:
${explainParameters().join('\n')}
`

/** @type {import('./run-script.js').Script} */
export const deploying = { name: 'deploy', help, parse: parseDeploy, run: deploy }

/** What goes wrong is a `DeployFailure`, or a bug. @param {CommandLine} line */
async function deploy(line) {
  const account = await findAccount(line)
  const cloudFormation = new CloudFormationClient(account.client)
  const stackName = stackNameOf(line.stage)
  const names = namesOf(line.stage, account)
  const before = await whileDoing('look at the stack', () => settledStack(cloudFormation, stackName, say))
  const kept = await findKept(account, names, { measured: false })
  await requireOurStack(cloudFormation, before, names, kept)
  requireDeployable(before, line)
  const remembered = await findRemembered(account, names, before)
  requireReadable(remembered, line.parameters)
  const settings = settingsOf(line.parameters, remembered?.parameters ?? {}, account.region)
  const leftOver = await findLeftOver(cloudFormation, before, kept)

  show({ account, line, before, settings, leftOver })
  if (!(await confirm('Is that right?', line))) {
    throw new DeployFailure('nothing was changed', (commands) => `${commands.help()} says what can be chosen`)
  }
  await asOnlyRun(() => putIntoAccount(cloudFormation, { account, line, before, settings, leftOver }))
  await finish(cloudFormation, stackName, account, line)
}

/** @param {CloudFormationClient} cloudFormation @param {Facts} facts */
async function putIntoAccount(cloudFormation, { account, line, before, settings, leftOver }) {
  const stackName = stackNameOf(line.stage)
  const names = namesOf(line.stage, account)
  await requireUnchanged(cloudFormation, stackName, before)
  const stack = await mendStack(cloudFormation, before, say)
  const secret = await ensureAuthSecret(account, names.authSecretParameter)
  if (secret === 'made') say(`made the secret of the sign-in function: ${names.authSecretParameter} (SSM, encrypted)`)
  if (leftOver.length > 0) {
    say('taking in what an earlier deployment left …')
    await runServerless('package', { account, stage: line.stage, settings })
    await takeInAgain(cloudFormation, { stackName, stack, template: await readCompiledTemplate() }, leftOver, account)
  }
  await deployStack(cloudFormation, { account, stage: line.stage, settings, isPackaged: leftOver.length > 0 })
  await remember(account, names, settings)
}

/**
 * @typedef {object} Facts
 * @property {Account} account
 * @property {CommandLine} line
 * @property {Stack | undefined} before
 * @property {Settings} settings
 * @property {readonly Kept[]} leftOver
 *
 * @param {Facts} facts
 */
function show({ account, line, before, settings, leftOver }) {
  const since = before?.changedAt?.toISOString().slice(0, 10)
  say(`AWS account  ${account.accountId}, as ${account.arn}`)
  say(`region       ${account.region}`)
  say(`stage        ${line.stage}: ${before === undefined ? 'new' : `there since ${since} (${before.status}), to be upgraded`}`)
  for (const [name, value] of chosen(settings)) say(`             ${name} = ${value} (default: ${defaultOf(name) || 'none'})`)
  if (chosen(settings).length === 0) say('             with all parameters at their defaults')
  const lockDays = Number(settings['objectLockDays'])
  if (lockDays > 0) say(`Originals stored from now on are locked for ${lockDays} days, and paid for as long (docs/deploy.md).`)
  if (leftOver.length > 0) {
    say('An earlier deployment left these; they are taken in again, with everything that is in them:')
    for (const each of describeKept(leftOver)) say(each)
  }
  if (account.arn.endsWith(':root')) {
    say('These are the credentials of the root user, who can do everything, close the account, too.')
    say('A user of its own is safer: docs/deploy.md')
  }
}

/** @param {CloudFormationClient} cloudFormation @param {import('./run-serverless.js').ServerlessOptions} options */
async function deployStack(cloudFormation, options) {
  const since = new Date()
  const stackName = stackNameOf(options.stage)
  try {
    await runServerless('deploy', options)
  } catch (error) {
    if (!(error instanceof DeployFailure)) throw error
    // Where AWS cannot be asked any more, what serverless said has to do.
    const after = await settledStack(cloudFormation, stackName, say).catch(() => undefined)
    const how = { status: after?.status, hasTakenIn: options.isPackaged === true }
    throw explainDeployment(await failuresSince(cloudFormation, stackName, since), error, how)
  }
}

/**
 * @param {CloudFormationClient} cloudFormation
 * @param {string} stackName
 * @param {Account} account
 * @param {CommandLine} line
 */
async function finish(cloudFormation, stackName, account, line) {
  const { outputs = {}, parameters = {} } = (await findStack(cloudFormation, stackName)) ?? {}
  const url = outputs['ApiUrl']
  if (url === undefined) throw new DeployFailure(`stack ${stackName} says no ApiUrl`, 'Run the same command again.')
  const invitation = line.user === undefined ? undefined : await inviteUser(account, outputs['UserPoolId'] ?? '', line.user)
  if (outputs['DomainTarget']) {
    say(`The name of your own needs a CNAME record in its DNS: ${parameters['domainName']} → ${outputs['DomainTarget']}`)
  }
  const { again } = commandsOf(line)
  if (parameters['alarmEmail']) {
    say(`${parameters['alarmEmail']} gets a mail from AWS Notifications: alarms are sent only after its link was clicked.`)
  } else {
    const told = again({ parameters: { alarmEmail: 'you@example.com' } })
    say(`no alarmEmail: nobody is told when something fails, and there is no budget: ${told}`)
  }
  if (invitation !== undefined && line.user !== undefined) say(describeInvitation(invitation, line.user))
  else say(`Nobody but those whom you name can sign in: ${again({ user: 'you@example.com' })}`)
  if (outputs['DomainTarget'] && !(await isKnownName(new URL(url).hostname))) {
    // Its record can only be made now that there is something for it to lead to: that is no failure.
    say(`Everything is deployed. As soon as that name is known, see whether it answers: ${again()}`)
    say('And then, on every machine that has photos:\n')
  } else {
    await checkRemote(url, { stage: line.stage, region: account.region, storageBucket: outputs['StorageBucket'] })
    say(`${url} answers. On every machine that has photos:\n`)
  }
  process.stdout.write(`photos login ${url}\n`)
}
