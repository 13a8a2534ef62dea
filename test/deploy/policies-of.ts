import * as z from 'zod'
import type { ResolvedTemplate, Resource } from './resolve-template.ts'

const oneOrMore = z.union([z.string().transform((one): readonly string[] => [one]), z.array(z.string()).readonly()])
/** A template may have `false` where IAM takes a text. */
const conditionValueSchema = z.union([z.boolean().transform(String), z.string(), z.array(z.string())])
const conditionsSchema = z.record(z.string(), z.record(z.string(), conditionValueSchema))

/** Strict: `NotAction`, `NotResource` and `NotPrincipal` grant what nobody has read, and are not parsed. */
const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.json().optional(),
  Action: oneOrMore,
  Resource: oneOrMore.optional(),
  Condition: conditionsSchema.optional(),
})
export type Statement = z.infer<typeof statementSchema>

const policySchema = z.object({
  /** IAM's own default knows no variables such as the owner's tag. */
  Version: z.enum(['2012-10-17', '2008-10-17']).default('2008-10-17'),
  Statement: z.union([z.array(statementSchema), statementSchema.transform((one) => [one])]),
})
export type Policy = z.infer<typeof policySchema>

/**
 * All policies of a stack: of a role what it is allowed, by its ARN, and who may take it on, by `trust of ARN`; of a bucket, a
 * queue, a topic or a function who may use it, by its ARN.
 */
export type Policies = ReadonlyMap<string, Policy>

export function policiesOf(template: ResolvedTemplate): Policies {
  const roles = template.resourcesOf('AWS::IAM::Role').flatMap((role) => rolePolicies(role, template))
  return joined([
    ...roles,
    ...bucketPolicies(template),
    ...queuePolicies(template),
    ...topicPolicies(template),
    ...invocations(template),
  ])
}

/** One policy an ARN, with the statements of all that were attached to it. */
function joined(policies: readonly (readonly [string, Policy])[]): Policies {
  const byArn = new Map<string, Policy>()
  for (const [arn, { Version, Statement }] of policies) {
    byArn.set(arn, { Version, Statement: [...(byArn.get(arn)?.Statement ?? []), ...Statement] })
  }
  return byArn
}

/** No policies of AWS's own: what they grant stands outside of the template, and changes. */
const roleSchema = z.object({
  AssumeRolePolicyDocument: policySchema,
  Policies: z.array(z.object({ PolicyDocument: policySchema })).default([]),
  ManagedPolicyArns: z.array(z.never()).default([]),
})
const attachmentSchema = z.object({ PolicyDocument: policySchema, Roles: z.array(z.string()).default([]) })

function rolePolicies(role: Resource, template: ResolvedTemplate): readonly (readonly [string, Policy])[] {
  const arn = arnOf(role)
  const { AssumeRolePolicyDocument, Policies } = roleSchema.parse(role.properties)
  const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => template.resourcesOf(type))
    .map(({ properties }) => attachmentSchema.parse(properties))
    .filter(({ Roles }) => Roles.includes(arn.slice(arn.lastIndexOf('/') + 1)))
  const own = [...Policies, ...attached].map(({ PolicyDocument }) => [arn, PolicyDocument] as const)
  return [[`trust of ${arn}`, AssumeRolePolicyDocument], ...own]
}

const bucketPolicySchema = z.object({ Bucket: z.string(), PolicyDocument: policySchema })

function bucketPolicies(template: ResolvedTemplate): readonly (readonly [string, Policy])[] {
  return template.resourcesOf('AWS::S3::BucketPolicy').map(({ properties }) => {
    const { Bucket, PolicyDocument } = bucketPolicySchema.parse(properties)
    return [`arn:aws:s3:::${Bucket}`, PolicyDocument] as const
  })
}

const queueSchema = z.object({ QueueName: z.string() })
const queuePolicySchema = z.object({ Queues: z.array(z.string()), PolicyDocument: policySchema })

/** A queue policy names its queues by their URLs. */
function queuePolicies(template: ResolvedTemplate): readonly (readonly [string, Policy])[] {
  const queues = template.resourcesOf('AWS::SQS::Queue')
  const arns = new Map(queues.map((queue) => [queueSchema.parse(queue.properties).QueueName, arnOf(queue)]))
  return template.resourcesOf('AWS::SQS::QueuePolicy').flatMap(({ properties }) => {
    const { Queues, PolicyDocument } = queuePolicySchema.parse(properties)
    return Queues.map((url) => [arns.get(url.slice(url.lastIndexOf('/') + 1)) ?? url, PolicyDocument] as const)
  })
}

const topicPolicySchema = z.object({ Topics: z.array(z.string()), PolicyDocument: policySchema })

function topicPolicies(template: ResolvedTemplate): readonly (readonly [string, Policy])[] {
  return template.resourcesOf('AWS::SNS::TopicPolicy').flatMap(({ properties }) => {
    const { Topics, PolicyDocument } = topicPolicySchema.parse(properties)
    return Topics.map((arn) => [arn, PolicyDocument] as const)
  })
}

const permissionSchema = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
})

/** Lambda makes a statement of a function's policy from every permission to call it. */
function invocations(template: ResolvedTemplate): readonly (readonly [string, Policy])[] {
  return template.resourcesOf('AWS::Lambda::Permission').map(({ properties, logicalId }) => {
    const { Action, FunctionName, Principal, SourceArn, SourceAccount } = permissionSchema.parse(properties)
    const Condition = {
      ...(SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
      ...(SourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
    }
    const grant = {
      Sid: logicalId,
      Effect: 'Allow',
      Principal: { Service: Principal },
      Action,
      Resource: FunctionName,
      Condition,
    }
    return [FunctionName, policySchema.parse({ Version: '2012-10-17', Statement: grant })] as const
  })
}

function arnOf({ arn, logicalId }: Resource): string {
  if (arn === undefined) throw new Error(`the ARN of ${logicalId} is not known here`)
  return arn
}
