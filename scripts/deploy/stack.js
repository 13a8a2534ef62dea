import {
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation'
import { z } from 'zod'
import { whileDoing } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'
import { pause } from './pause.js'

/**
 * @typedef {object} Stack everything that a deployment made, as CloudFormation keeps it
 * @property {string} name
 * @property {string} status
 * @property {string} reason why, where CloudFormation says it
 * @property {Date | undefined} changedAt
 * @property {Readonly<Record<string, string>>} outputs
 * @property {Readonly<Record<string, string>>} parameters what it was deployed with
 */

/** Serverless Framework's name for it. @param {string} stage */
export const stackNameOf = (stage) => `photos-${stage}`

const parametersSchema = z.record(z.string(), z.string())

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
      parameters: parametersSchema.parse(JSON.parse(outputs['Parameters'] ?? '{}')),
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
    if (!hasSaid)
      say(`stack ${name} is being changed (${stack.status}), perhaps by a run that was interrupted: waiting until that is done …`)
    hasSaid = true
    await pause()
  }
}

/** @param {Stack} stack */
function isBeingChanged({ status }) {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS'
}

/**
 * Throws a `DeployFailure` where a person has to decide before anything can be deployed.
 * Source: "Stack status codes" of the CloudFormation user guide.
 * @param {Stack | undefined} stack
 * @param {{ continueRollback: boolean, flags: string }} options `flags` to repeat in what is to type
 */
export function requireDeployable(stack, { continueRollback, flags }) {
  switch (stack?.status) {
    case 'ROLLBACK_COMPLETE':
    case 'ROLLBACK_FAILED':
    case 'CREATE_FAILED':
    case 'DELETE_FAILED':
      throw new DeployFailure(
        `stack ${stack.name} is in the state ${stack.status}, out of which AWS only lets it be removed${because(stack)}`,
        `npm run deploy:remove${flags}\nThen run the same command again. No photo is lost by that: buckets, tables and accounts are kept, and taken in again.`,
      )
    case 'UPDATE_ROLLBACK_FAILED':
      if (continueRollback) return
      throw new DeployFailure(
        `stack ${stack.name} is in the state UPDATE_ROLLBACK_FAILED: an upgrade failed, and so did going back to what was there before${because(stack)}`,
        `Mend what the reason says, then: npm run deploy --${flags.replace(/^ --/, '')} --continue-rollback\nThat goes back first, and deploys again. Photos and accounts are not touched by it.`,
      )
    default:
  }
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

/** @param {CloudFormationClient} cloudFormation @param {Stack} stack @param {(line: string) => void} say */
async function continueRollingBack(cloudFormation, { name }, say) {
  say(`going on with going back in stack ${name} …`)
  await whileDoing('go on with going back', () => cloudFormation.send(new ContinueUpdateRollbackCommand({ StackName: name })))
  const stack = await settledStack(cloudFormation, name, () => {})
  if (stack?.status === 'UPDATE_ROLLBACK_COMPLETE') return stack
  throw new DeployFailure(
    `going back failed again: stack ${name} is in the state ${stack?.status ?? 'gone'}`,
    'Look at the events of the stack in the console of AWS, under CloudFormation; what they name as CREATE_FAILED or UPDATE_FAILED has to be mended.',
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
    const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: name }))
    return StackEvents.filter(
      ({ Timestamp, ResourceStatus = '' }) => (Timestamp ?? since) >= since && ResourceStatus.endsWith('_FAILED'),
    )
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

/** @param {Stack} stack */
function because({ reason }) {
  return reason === '' ? '' : `: ${reason}`
}
