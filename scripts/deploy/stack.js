import {
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
} from '@aws-sdk/client-cloudformation'
import { whileDoing } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'
import { tagsOf } from './our-mark.js'
import { pause } from './pause.js'
import { parseRemembered } from './remembered.js'

/**
 * @typedef {object} Stack everything that a deployment made, as CloudFormation keeps it
 * @property {string} name
 * @property {string} status
 * @property {string} reason why, where CloudFormation says it
 * @property {Date | undefined} changedAt
 * @property {Readonly<Record<string, string>>} outputs
 * @property {Readonly<Record<string, string>>} tags
 * @property {Readonly<Record<string, string>> | undefined} parameters what it was deployed with; undefined where it never came to be
 */

/** Serverless Framework's name for it. @param {string} stage */
export const stackNameOf = (stage) => `photos-${stage}`

/**
 * The stack of a stage; undefined where there is none.
 * @param {CloudFormationClient} cloudFormation
 * @param {string} name
 * @returns {Promise<Stack | undefined>}
 */
export async function findStack(cloudFormation, name) {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
    const [found] = Stacks
    if (found === undefined || found.StackStatus === 'DELETE_COMPLETE') return undefined
    const outputs = Object.fromEntries(
      (found.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    )
    return {
      name,
      status: found.StackStatus ?? '',
      reason: found.StackStatusReason ?? '',
      changedAt: found.LastUpdatedTime ?? found.CreationTime,
      outputs,
      tags: tagsOf(found.Tags),
      parameters: outputs['Parameters'] === undefined ? undefined : parseRemembered(outputs['Parameters']).parameters,
    }
  } catch (error) {
    // CloudFormation has no error of its own for this.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return undefined
    throw error
  }
}

/**
 * The stack as soon as nobody changes it any more: an interrupted `npm run deploy` goes on inside AWS.
 * @param {CloudFormationClient} cloudFormation
 * @param {string} name
 * @param {(line: string) => void} say
 */
export async function settledStack(cloudFormation, name, say) {
  let hasSaid = false
  for (;;) {
    const stack = await findStack(cloudFormation, name)
    if (stack === undefined || !isBeingChanged(stack)) return stack
    const waiting = `stack ${name} is being changed (${stack.status}), perhaps by a run that was interrupted`
    if (!hasSaid) say(`${waiting}: waiting until that is done …`)
    hasSaid = true
    await pause()
  }
}

/** @param {Stack} stack */
function isBeingChanged({ status }) {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS'
}

/** @param {import('./commands.js').Commands} commands */
export const removeAndRunAgain = ({ again }) => `${again({ script: 'deploy:remove' })}
Then run the same command again. No photo is lost by that: buckets, tables and accounts are kept, and taken in again.`

/** @param {import('./commands.js').Commands} commands */
export const goOnGoingBack = ({ again }) => `Mend what the reason says, then: ${again({ continueRollback: true })}
That goes back first, and deploys again. Photos and accounts are not touched by it.`

/**
 * Throws a `DeployFailure` where a person has to decide before anything can be deployed.
 * Source: "Stack status codes" of the CloudFormation user guide.
 * @param {Stack | undefined} stack
 * @param {{ continueRollback: boolean }} options
 */
export function requireDeployable(stack, { continueRollback }) {
  switch (stack?.status) {
    case 'ROLLBACK_COMPLETE':
    case 'ROLLBACK_FAILED':
    case 'CREATE_FAILED':
    case 'DELETE_FAILED':
    case 'IMPORT_ROLLBACK_FAILED':
      throw new DeployFailure(
        `stack ${stack.name} is in the state ${stack.status}, out of which AWS only lets it be removed${because(stack)}`,
        removeAndRunAgain,
      )
    case 'UPDATE_ROLLBACK_FAILED':
      if (continueRollback) return
      throw new DeployFailure(
        `stack ${stack.name} is in the state UPDATE_ROLLBACK_FAILED: ` +
          `an upgrade failed, and so did going back to what was there before${because(stack)}`,
        goOnGoingBack,
      )
    default:
  }
}

/**
 * Throws a `DeployFailure` unless the stack is still the one that was shown: another run may have changed it while nobody had answered yet.
 * @param {CloudFormationClient} cloudFormation
 * @param {string} name
 * @param {Stack | undefined} shown
 */
export async function requireUnchanged(cloudFormation, name, shown) {
  const now = await whileDoing('look at the stack', () => findStack(cloudFormation, name))
  if (now?.status === shown?.status && now?.changedAt?.getTime() === shown?.changedAt?.getTime()) return
  throw new DeployFailure(
    `another run has changed stack ${name} in the meantime`,
    'Run the same command again: it shows what there is now.',
  )
}

/**
 * Makes a stack deployable whose last change did not come to its end.
 * @param {CloudFormationClient} cloudFormation
 * @param {Stack | undefined} stack
 * @param {(line: string) => void} say
 * @returns {Promise<Stack | undefined>} as it is then
 */
export async function mendStack(cloudFormation, stack, say) {
  switch (stack?.status) {
    case 'REVIEW_IN_PROGRESS':
      if ((await reviewedStack(cloudFormation, stack.name, say))?.status !== 'REVIEW_IN_PROGRESS') {
        throw new DeployFailure(`another run is deploying stack ${stack.name}`, 'Run the same command again when it is done.')
      }
      // A stack that was named, but never made: nothing belongs to it.
      say(`an interrupted deployment left the empty stack ${stack.name}: removing it`)
      await deleteStack(cloudFormation, stack.name)
      return undefined
    case 'UPDATE_ROLLBACK_FAILED':
      return continueRollingBack(cloudFormation, stack, say)
    default:
      return stack
  }
}

/** At 5 seconds each two minutes: longer than serverless takes from naming a stack to making it. */
const mostLooks = 24

/**
 * A stack that was named and not made yet, once it is clear that nobody is about to make it: another run's looks like this for a moment.
 * @param {CloudFormationClient} cloudFormation
 * @param {string} name
 * @param {(line: string) => void} say
 */
async function reviewedStack(cloudFormation, name, say) {
  say(`stack ${name} is named, and not made: waiting whether another run makes it …`)
  let stack = await findStack(cloudFormation, name)
  for (let looks = 1; looks < mostLooks && stack?.status === 'REVIEW_IN_PROGRESS'; looks++) {
    await pause()
    stack = await findStack(cloudFormation, name)
  }
  return stack
}

/** @param {CloudFormationClient} cloudFormation @param {Stack} stack @param {(line: string) => void} say */
async function continueRollingBack(cloudFormation, { name }, say) {
  say(`going on with going back in stack ${name} …`)
  await whileDoing('go on with going back', () => cloudFormation.send(new ContinueUpdateRollbackCommand({ StackName: name })))
  const stack = await settledStack(cloudFormation, name, () => {})
  if (stack?.status === 'UPDATE_ROLLBACK_COMPLETE') return stack
  throw new DeployFailure(
    `going back failed again: stack ${name} is in the state ${stack?.status ?? 'gone'}`,
    'Look at the events of the stack in the console of AWS, under CloudFormation; what they name as CREATE_FAILED or ' +
      'UPDATE_FAILED has to be mended.',
  )
}

/** Ends when it is gone. @param {CloudFormationClient} cloudFormation @param {string} name */
export async function deleteStack(cloudFormation, name) {
  await cloudFormation.send(new DeleteStackCommand({ StackName: name }))
  const left = await settledStack(cloudFormation, name, () => {})
  if (left === undefined) return
  throw new DeployFailure(`stack ${name} could not be removed (${left.status})${because(left)}`, 'run the same command again')
}

/**
 * Why CloudFormation gave up: the first failures since `since`, oldest first, without those that are only cancelled because of them.
 * @param {CloudFormationClient} cloudFormation
 * @param {string} name
 * @param {Date} since
 * @returns {Promise<readonly string[]>} `SignInDomain (AWS::Cognito::UserPoolDomain): Domain already associated …`
 */
export async function failuresSince(cloudFormation, name, since) {
  try {
    const events = await eventsSince(cloudFormation, name, since)
    return events
      .filter(({ ResourceStatus = '' }) => ResourceStatus.endsWith('_FAILED'))
      .map(
        ({ LogicalResourceId, ResourceType, ResourceStatusReason = '' }) =>
          `${LogicalResourceId} (${ResourceType}): ${ResourceStatusReason}`,
      )
      .filter((line) => !/cancelled/i.test(line))
      .reverse()
  } catch {
    return [] // then what serverless printed has to do
  }
}

/**
 * Newest first, a page of which may end in the midst of a deployment.
 * @param {CloudFormationClient} client
 * @param {string} StackName
 * @param {Date} since
 */
async function eventsSince(client, StackName, since) {
  const events = []
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName })) {
    const recent = StackEvents.filter(({ Timestamp }) => (Timestamp ?? since) >= since)
    events.push(...recent)
    if (recent.length < StackEvents.length) break
  }
  return events
}

/** @param {Stack} stack */
function because({ reason }) {
  return reason === '' ? '' : `: ${reason}`
}
