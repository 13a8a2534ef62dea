// `npm run deploy`: puts the backend into an AWS account, or upgrades it. docs/deploy.md tells it step by step.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { ensureAuthSecret } from './deploy/auth-secret.js'
import { findAccount } from './deploy/aws-account.js'
import { whileDoing } from './deploy/aws-failures.js'
import { checkRemote } from './deploy/check-remote.js'
import { flagsOf, parseDeploy } from './deploy/command-line.js'
import { confirm } from './deploy/confirm.js'
import { DeployFailure } from './deploy/deploy-failure.js'
import { explainDeployment } from './deploy/explain-deployment.js'
import { describeInvitation, inviteUser } from './deploy/first-user.js'
import { describeKept, findKept } from './deploy/kept.js'
import { namesOf } from './deploy/names.js'
import { runScript } from './deploy/run-script.js'
import { runServerless } from './deploy/run-serverless.js'
import { chosen, defaultOf, explainParameters, settingsOf } from './deploy/settings.js'
import { failuresSince, findStack, mendStack, requireDeployable, settledStack, stackNameOf } from './deploy/stack.js'
import { findLeftOver, readCompiledTemplate, takeInAgain } from './deploy/take-in-again.js'

/** @typedef {import('./deploy/command-line.js').CommandLine} CommandLine */
/** @typedef {import('./deploy/aws-account.js').Account} Account */

const help = `npm run deploy -- [--stage NAME] [--region REGION] [--profile NAME] [--param NAME=VALUE]… [--user EMAIL] [--yes]

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

await runScript(async (words) => {
  const line = parseDeploy(words)
  if (line.help) return void process.stdout.write(help)
  await deploy(line)
})

/** What goes wrong is a `DeployFailure`, or a bug. @param {CommandLine} line */
async function deploy(line) {
  const account = await findAccount(line)
  const cloudFormation = new CloudFormationClient(account.client)
  const stackName = stackNameOf(line.stage)
  const names = namesOf(line.stage, account)
  const before = await whileDoing('look at the stack', () => settledStack(cloudFormation, stackName, say))
  requireDeployable(before, { ...line, flags: flagsOf(line) })
  const settings = settingsOf(line.parameters, before?.parameters ?? {}, account.region)
  const leftOver = await findLeftOver(cloudFormation, before, await findKept(account, names, { measured: false }))

  show({ account, line, before, settings, leftOver })
  if (!(await confirm('Is that right?', { yes: line.yes, command: `npm run deploy` }))) {
    throw new DeployFailure('nothing was changed', 'npm run deploy -- --help says what can be chosen')
  }
  const stack = await mendStack(cloudFormation, before, say)
  const secret = await ensureAuthSecret(account, names.authSecretParameter)
  if (secret === 'made') say(`made the secret of the sign-in function: ${names.authSecretParameter} (SSM, encrypted)`)
  if (leftOver.length > 0) {
    say('taking in what an earlier deployment left …')
    await runServerless('package', { account, stage: line.stage, settings })
    await takeInAgain(cloudFormation, { stackName, stack, template: await readCompiledTemplate() }, leftOver, account)
  }
  await deployStack(cloudFormation, { account, stage: line.stage, settings, isPackaged: leftOver.length > 0 })
  await finish(cloudFormation, stackName, account, line)
}

/** @param {{ account: Account, line: CommandLine, before: import('./deploy/stack.js').Stack | undefined, settings: import('./deploy/settings.js').Settings, leftOver: readonly import('./deploy/kept.js').Kept[] }} facts */
function show({ account, line, before, settings, leftOver }) {
  const since = before?.changedAt?.toISOString().slice(0, 10)
  say(`AWS account  ${account.accountId}, as ${account.arn}`)
  say(`region       ${account.region}`)
  say(`stage        ${line.stage}: ${before === undefined ? 'new' : `there since ${since} (${before.status}), to be upgraded`}`)
  for (const [name, value] of chosen(settings)) say(`             ${name} = ${value} (default: ${defaultOf(name) || 'none'})`)
  if (chosen(settings).length === 0) say('             with all parameters at their defaults')
  if (leftOver.length > 0) {
    say('An earlier deployment left these; they are taken in again, with everything that is in them:')
    for (const each of describeKept(leftOver)) say(each)
  }
  if (account.arn.endsWith(':root')) {
    say(
      'These are the credentials of the root user, who can do everything, close the account, too. A user of its own is safer: docs/deploy.md',
    )
  }
}

/** @param {CloudFormationClient} cloudFormation @param {{ account: Account, stage: string, settings: import('./deploy/settings.js').Settings, isPackaged: boolean }} options */
async function deployStack(cloudFormation, options) {
  const since = new Date()
  try {
    await runServerless('deploy', options)
  } catch (error) {
    if (!(error instanceof DeployFailure)) throw error
    throw explainDeployment(await failuresSince(cloudFormation, stackNameOf(options.stage), since), error)
  }
}

/** @param {CloudFormationClient} cloudFormation @param {string} stackName @param {Account} account @param {CommandLine} line */
async function finish(cloudFormation, stackName, account, { user }) {
  const { outputs = {}, parameters = {} } = (await findStack(cloudFormation, stackName)) ?? {}
  const url = outputs['ApiUrl']
  if (url === undefined) throw new DeployFailure(`stack ${stackName} says no ApiUrl`, 'Run the same command again.')
  const invitation = user === undefined ? undefined : await inviteUser(account, outputs['UserPoolId'] ?? '', user)
  if (outputs['DomainTarget']) {
    say(`The name of your own needs a CNAME record in its DNS: ${parameters['domainName']} → ${outputs['DomainTarget']}`)
  }
  if (parameters['alarmEmail'])
    say(`${parameters['alarmEmail']} gets a mail from AWS Notifications: alarms are sent only after its link was clicked.`)
  if (invitation !== undefined && user !== undefined) say(describeInvitation(invitation, user))
  else say('Nobody but those whom you name can sign in: npm run deploy -- --user you@example.com')
  await checkRemote(url, { region: account.region, storageBucket: outputs['StorageBucket'] })
  say(`${url} answers. On every machine that has photos:\n`)
  process.stdout.write(`photos login ${url}\n`)
}

/** For people: standard output has only what a script would want. @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
