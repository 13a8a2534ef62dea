import { paginateListStackResources } from '@aws-sdk/client-cloudformation'
import { whileDoing } from './aws-failures.js'

/**
 * What a person has heard of, in this order; the rest (roles, routes, permissions …) belongs to these.
 * @type {Readonly<Record<string, string>>}
 */
const kinds = {
  'AWS::Lambda::Function': 'function',
  'AWS::ApiGatewayV2::Api': 'API',
  'AWS::ApiGatewayV2::DomainName': 'domain',
  'AWS::Cognito::UserPoolDomain': 'sign-in',
  'AWS::SQS::Queue': 'queue',
  'AWS::CloudWatch::Alarm': 'alarm',
  'AWS::Budgets::Budget': 'budget',
  'AWS::Logs::LogGroup': 'log',
  'AWS::S3::Bucket': 'bucket',
}

/** @typedef {{ type: string, id: string }} Going */

/**
 * What is removed together with a stack: its resources, without those that outlive it.
 * @param {import('@aws-sdk/client-cloudformation').CloudFormationClient} client
 * @param {string} stackName
 * @param {readonly import('./kept.js').Kept[]} kept
 * @returns {Promise<readonly Going[]>}
 */
export async function findGoing(client, stackName, kept) {
  const staying = new Set(kept.map(({ id }) => id))
  return whileDoing('list what belongs to the stack', async () => {
    const going = []
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: stackName })) {
      for (const { ResourceType: type = '', PhysicalResourceId: id = '' } of StackResourceSummaries) {
        if (!staying.has(id)) going.push({ type, id })
      }
    }
    return going
  })
}

/** The lines of a table of them. @param {readonly Going[]} going @param {string} authSecret its name in the parameter store */
export function describeGoing(going, authSecret) {
  const named = Object.entries(kinds).flatMap(([type, kind]) => {
    const names = going.filter((one) => one.type === type).map(({ id }) => nameIn(id))
    return names.length === 0 ? [] : `  ${kind.padEnd(9)}  ${names.sort().join(', ')}`
  })
  const others = going.filter(({ type }) => kinds[type] === undefined).length
  return [
    ...named,
    `  secret     ${authSecret} (with it every sign-in: all devices have to sign in anew)`,
    `  ${String(others).padEnd(9)}  roles, routes, permissions and other parts of these`,
  ]
}

/** A queue's id is its address, and some ids are ARNs. @param {string} id */
function nameIn(id) {
  return id.split(/[/:]/).findLast((part) => part !== '') ?? id
}
