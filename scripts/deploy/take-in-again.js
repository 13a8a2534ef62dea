import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation'
import * as z from 'zod'
import { explainAwsFailure } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'
import { ourTags } from './our-mark.js'
import { pause } from './pause.js'
import { settledStack } from './stack.js'
import { withoutConditions } from './template-conditions.js'

const compiledTemplate = fileURLToPath(new URL('../../.serverless/cloudformation-template-update-stack.json', import.meta.url))

const templateSchema = z.object({
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      DeletionPolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
})

/**
 * @typedef {z.input<typeof templateSchema>} Template
 * @typedef {{ accountId: string, region: string, partition: string }} Place
 * @typedef {import('./kept.js').Kept} Kept
 * @typedef {import('./stack.js').Stack} Stack
 * @typedef {import('@aws-sdk/client-cloudformation').CloudFormationClient} CloudFormationClient
 */

/** How CloudFormation tells resources of a type apart, and which property names them in the template. */
const identifiers = {
  'AWS::S3::Bucket': { identifier: 'BucketName', name: 'BucketName' },
  'AWS::DynamoDB::Table': { identifier: 'TableName', name: 'TableName' },
  'AWS::Cognito::UserPool': { identifier: 'UserPoolId', name: 'UserPoolName' },
}

/** What `serverless package` made. */
export async function readCompiledTemplate() {
  return templateSchema.parse(JSON.parse(await readFile(compiledTemplate, 'utf8')))
}

/**
 * Which of them belong to no stack of this name: an earlier one left them.
 * @param {CloudFormationClient} client
 * @param {Stack | undefined} stack
 * @param {readonly Kept[]} kept
 */
export async function findLeftOver(client, stack, kept) {
  if (stack === undefined) return kept
  const owned = new Set()
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: stack.name })) {
    for (const { PhysicalResourceId } of StackResourceSummaries) owned.add(PhysicalResourceId)
  }
  return kept.filter(({ id }) => !owned.has(id))
}

/**
 * Puts into the stack what an earlier one left (buckets with the photos, tables, user pool), without touching what is in
 * them; makes the stack where there is none. Needed because CloudFormation cannot create what is there already; and with another
 * user pool, nobody would be who they were, and see their photos. Whatever else belongs to the stack, the deployment that follows
 * adds.
 *
 * Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack manually": an import may change nothing
 * else and have no outputs; each resource needs a DeletionPolicy. The change set's own ImportExistingResources would not do: it
 * takes only names that are no expressions, and a user pool has none of its own.
 * @param {CloudFormationClient} cloudFormation
 * @param {{ stackName: string, stack: Stack | undefined, template: Template }} target
 * @param {readonly Kept[]} kept
 * @param {Place} account
 */
export async function takeInAgain(cloudFormation, { stackName, stack, template }, kept, account) {
  const { body, resources } = importOf(template, kept, account)
  const whole = { ...body, ...(stack && (await currentTemplate(cloudFormation, stack))) }
  const TemplateBody = JSON.stringify({ ...whole, Resources: { ...whole.Resources, ...body.Resources } })
  if (Buffer.byteLength(TemplateBody) > mostTemplateBytes) throw notTakenIn('the stack is too large for that')
  // What is there already has roles with names; a stack that is made has to be known as ours at the next run.
  const Capabilities = [/** @type {const} */ ('CAPABILITY_NAMED_IAM')]
  const Tags = stack === undefined ? Object.entries(ourTags).map(([Key, Value]) => ({ Key, Value })) : undefined
  const changeSet = { StackName: stackName, ChangeSetName: 'take-in-again' }
  // An interrupted run may have left one, which would be in the way.
  if (stack !== undefined) await cloudFormation.send(new DeleteChangeSetCommand(changeSet))
  try {
    const imported = {
      ...changeSet,
      ChangeSetType: /** @type {const} */ ('IMPORT'),
      TemplateBody,
      ResourcesToImport: resources,
      Capabilities,
      Tags,
    }
    await cloudFormation.send(new CreateChangeSetCommand(imported))
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') throw notTakenIn(error.message)
    throw explainAwsFailure(error, { doing: 'take in what is there' })
  }
  await changeSetIsReady(cloudFormation, changeSet)
  await cloudFormation.send(new ExecuteChangeSetCommand(changeSet))
  const after = await settledStack(cloudFormation, stackName, () => {})
  if (after?.status === 'IMPORT_COMPLETE') return
  throw notTakenIn(`${after?.status ?? 'the stack is gone'} ${after?.reason ?? ''}`)
}

/** Of a template that comes with the request. Source: "CloudFormation quotas". */
const mostTemplateBytes = 51_200

const currentSchema = z.looseObject({ Resources: z.record(z.string(), z.unknown()) })

/** @param {CloudFormationClient} cloudFormation @param {Stack} stack */
async function currentTemplate(cloudFormation, { name }) {
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: name, TemplateStage: 'Original' }))
  return currentSchema.parse(JSON.parse(TemplateBody))
}

/** @param {CloudFormationClient} cloudFormation @param {{ StackName: string, ChangeSetName: string }} changeSet */
async function changeSetIsReady(cloudFormation, changeSet) {
  for (;;) {
    const { Status, StatusReason } = await cloudFormation.send(new DescribeChangeSetCommand(changeSet))
    if (Status === 'CREATE_COMPLETE') return
    if (Status === 'FAILED') throw notTakenIn(StatusReason ?? 'no reason is given')
    await pause()
  }
}

/** @param {string} reason */
function notTakenIn(reason) {
  return new DeployFailure(
    `CloudFormation could not take in again what an earlier deployment left: ${reason}`,
    ({ again }) =>
      'Nothing was changed, and every photo is where it was. Run the same command again; if it stays like this, deploy a second ' +
      `backend beside it: ${again({ stage: 'second' })}\n` +
      'and copy the originals with the AWS CLI (docs/deploy.md, “Deploying again”).',
  )
}

/**
 * The part of the template that is there already, and how to find it.
 * @param {Template} template
 * @param {readonly Kept[]} kept
 * @param {Place} account
 */
export function importOf(template, kept, account) {
  const taken = kept.map((one) => ({ ...one, logicalId: logicalIdOf(template, one, account) }))
  const decided = (/** @type {object} */ properties) => ({ ...Object(withoutConditions(properties, template.Conditions ?? {})) })
  const logicalIds = new Set(taken.map(({ logicalId }) => logicalId))
  const Resources = Object.fromEntries(
    [...logicalIds].map((logicalId) => {
      const { Type, Properties = {} } = template.Resources[logicalId] ?? {}
      // What leads to resources that are not there yet comes with the deployment.
      const own = Object.entries(decided(Properties)).filter(([, value]) =>
        referencesIn(value).every((name) => logicalIds.has(name)),
      )
      // An import that is rolled back must never delete what it should have taken in.
      return [logicalId, { Type, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain', Properties: Object.fromEntries(own) }]
    }),
  )
  return {
    body: { AWSTemplateFormatVersion: '2010-09-09', Resources },
    resources: taken.map(({ type, id, logicalId }) => ({
      ResourceType: type,
      LogicalResourceId: logicalId,
      ResourceIdentifier: { [identifiers[type].identifier]: id },
    })),
  }
}

/** @param {Template} template @param {Kept} kept @param {Place} account */
function logicalIdOf({ Resources }, { type, name }, account) {
  const found = Object.entries(Resources).find(
    ([, { Type, Properties }]) => Type === type && resolveName(Properties?.[identifiers[type].name], account) === name,
  )
  if (found === undefined) throw new Error(`the template has no ${type} called ${name}`)
  return found[0]
}

const subSchema = z.object({ 'Fn::Sub': z.string() })
const joinSchema = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) })
const refSchema = z.object({ Ref: z.string() })

/**
 * A name in the template that is made of nothing but text, account and region.
 * @param {unknown} value
 * @param {Place} account
 * @returns {string | undefined}
 */
function resolveName(value, account) {
  if (typeof value === 'string') return value
  /** @type {Readonly<Record<string, string>>} */
  const pseudo = { 'AWS::AccountId': account.accountId, 'AWS::Region': account.region, 'AWS::Partition': account.partition }
  const sub = subSchema.safeParse(value)
  if (sub.success) return sub.data['Fn::Sub'].replaceAll(/\$\{([\w:]+)\}/g, (whole, name) => pseudo[name] ?? whole)
  const join = joinSchema.safeParse(value)
  if (join.success) return join.data['Fn::Join'][1].map((part) => resolveName(part, account)).join(join.data['Fn::Join'][0])
  const ref = refSchema.safeParse(value)
  return ref.success ? pseudo[ref.data.Ref] : undefined
}

/** The logical ids that a value of the template leads to. @param {unknown} value @returns {readonly string[]} */
function referencesIn(value) {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    // Both functions have a long form, too, whose first element says the same.
    const first = String(Array.isArray(inner) ? inner[0] : inner)
    if (key === 'Ref') return first.startsWith('AWS::') ? [] : [first]
    if (key === 'Fn::GetAtt') return first.split('.').slice(0, 1)
    if (key === 'Fn::Sub') return [...first.matchAll(/\$\{(\w+)[.}]/g)].flatMap(([, name = '']) => name)
    return referencesIn(inner)
  })
}
