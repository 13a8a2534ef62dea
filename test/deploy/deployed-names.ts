import * as z from 'zod'
import type { AccessRequest } from './decide-access.ts'
import type { Policy } from './policies-of.ts'
import type { PromisedDecision } from './promise-table.ts'
import type { Placement, ResolvedTemplate, Resource } from './resolve-template.ts'

const functionSchema = z.object({
  Handler: z.string(),
  Role: z.string(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
})
const mappingSchema = z.object({ EventSourceArn: z.string() })
const rolesSchema = z.object({ IdentityPoolId: z.string(), Roles: z.object({ authenticated: z.string() }) })
const redriveSchema = z.object({ RedrivePolicy: z.object({ deadLetterTargetArn: z.string() }).optional() })

const otherAccountId = '999988887777'

/** An account's own people, who are given everything. */
const everything: Policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] }

type Requester = Pick<AccessRequest, 'principal' | 'identity' | 'context'>

export interface DeployedNames {
  requestOf(promise: PromisedDecision): AccessRequest
  /** An ARN in the table's words, as far as there are some. */
  shorten(arn: string): string
}

/**
 * The table's words, as requests to what the template deploys. What a function uses is found where the function finds it: in its
 * environment variables.
 */
export function readNames(template: ResolvedTemplate, placement: Placement): DeployedNames {
  const names = findNames(template)
  const requesters = requestersOf(names, placement)
  const places = placesOf(names, placement)
  return {
    requestOf({ who, action, where, how }) {
      const requester = find(requesters, who)
      const manner = how === '' && action === 's3:PutObject' ? 'if nothing is there' : how
      const context = { ...transportOf(action), ...requester.context, ...find(manners, manner) }
      return { ...requester, action, resource: placeIn(places, where), accountId: placement.accountId, context }
    },
    shorten(arn) {
      const named = [...places].map(([name, place]) => [name, place.replace(/:log-stream:.*/, '')] as const)
      const [name, place] = named.find(
        ([, each]) => arn === each || (/^[/:]/.test(arn.slice(each.length)) && arn.startsWith(each)),
      ) ?? ['', '']
      return `${name}${arn.slice(place.length)}`
    },
  }
}

interface Names {
  /** ARNs, by the handler's name. */
  readonly functions: ReadonlyMap<string, { readonly arn: string; readonly role: string }>
  readonly ownerRole: string
  readonly identityPoolId: string
  readonly userPool: string
  readonly api: string
  readonly queue: string
  readonly deadLetters: string
  readonly alarms: string
  readonly variables: Readonly<Record<string, string>>
}

function findNames(template: ResolvedTemplate): Names {
  const functions = template.resourcesOf('AWS::Lambda::Function').map(({ properties, arn = '' }) => {
    const { Handler, Role, Environment } = functionSchema.parse(properties)
    return { name: Handler.replace(/^.*\/(.*)\.handler$/, '$1'), arn, role: Role, variables: Environment.Variables }
  })
  const { IdentityPoolId, Roles } = rolesSchema.parse(only(template, 'AWS::Cognito::IdentityPoolRoleAttachment').properties)
  const { EventSourceArn } = mappingSchema.parse(only(template, 'AWS::Lambda::EventSourceMapping').properties)
  const redrives = template.resourcesOf('AWS::SQS::Queue').map(({ properties }) => redriveSchema.parse(properties).RedrivePolicy)
  return {
    functions: new Map(functions.map(({ name, arn, role }) => [name, { arn, role }])),
    ownerRole: Roles.authenticated,
    identityPoolId: IdentityPoolId,
    userPool: only(template, 'AWS::Cognito::UserPool').arn ?? '',
    api: only(template, 'AWS::ApiGatewayV2::Api').logicalId,
    queue: EventSourceArn,
    deadLetters: redrives.flatMap((redrive) => redrive?.deadLetterTargetArn ?? [])[0] ?? '',
    alarms: only(template, 'AWS::SNS::Topic').arn ?? '',
    variables: Object.assign({}, ...functions.map(({ variables }) => variables)),
  }
}

function only(template: ResolvedTemplate, type: string): Resource {
  const [resource, ...others] = template.resourcesOf(type)
  if (resource === undefined || others.length > 0) throw new Error(`the template has not one ${type}`)
  return resource
}

function requestersOf(names: Names, { accountId, region }: Placement): ReadonlyMap<string, Requester> {
  const session = (role: string, tags: Readonly<Record<string, string>> = {}): Requester => ({
    principal: `${role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/session`,
    identity: role,
    // Of a session it is the role's ARN: AWS IAM User Guide, "AWS global condition context keys", aws:PrincipalArn.
    context: { 'aws:PrincipalArn': role, ...tags },
  })
  const owner = (tag: string) => session(names.ownerRole, { 'aws:PrincipalTag/owner': tag })
  const administrator = (account: string): Requester => ({
    ...session(`arn:aws:iam::${account}:role/administrator`),
    identity: everything,
  })
  const service = (principal: string, context: AccessRequest['context'] = {}): Requester => ({
    principal,
    identity: undefined,
    context,
  })
  const onBehalf = (principal: string, arn: string, account = accountId) =>
    service(principal, { 'aws:SourceArn': arn, 'aws:SourceAccount': account })
  const signIn = (pool: string, amr: string) =>
    service('cognito-identity.amazonaws.com', {
      'cognito-identity.amazonaws.com:aud': pool,
      'cognito-identity.amazonaws.com:amr': [amr],
    })
  const uploadBucket = `arn:aws:s3:::${names.variables['PHOTOS_UPLOAD_BUCKET']}`
  const executeApi = (api: string) => `arn:aws:execute-api:${region}:${accountId}:${api}/$default`
  const alarm = (name: string) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`
  const userPools = `arn:aws:cognito-idp:${region}:${accountId}:userpool/`

  return new Map<string, Requester>([
    ...[...names.functions].flatMap(([name, { role }]): readonly [string, Requester][] => [
      [name, session(role)],
      [`${name}, given everything`, { ...session(role), identity: everything }],
    ]),
    ['owner A, given everything', { ...owner('A'), identity: everything }],
    ...['A', 'AB', '*', '?', 'A/../B'].map((tag): [string, Requester] => [`owner ${tag}`, owner(tag)]),
    ['an owner without a name', session(names.ownerRole)],
    ['an owner with an empty name', owner('')],
    ['an administrator', administrator(accountId)],
    ['another account', administrator(otherAccountId)],
    ['a stranger', { principal: undefined, identity: undefined, context: {} }],
    ['Lambda', service('lambda.amazonaws.com')],
    ['another service', service('ec2.amazonaws.com')],
    ['S3, for the upload bucket', onBehalf('s3.amazonaws.com', uploadBucket)],
    ['S3, for another bucket', onBehalf('s3.amazonaws.com', `${uploadBucket}-2`)],
    ['S3, for a bucket of another account', onBehalf('s3.amazonaws.com', uploadBucket, otherAccountId)],
    ['another service, for the upload bucket', onBehalf('sns.amazonaws.com', uploadBucket)],
    ['CloudWatch, for an alarm', onBehalf('cloudwatch.amazonaws.com', alarm('photos-prod-dead-letters'))],
    ['CloudWatch, for another alarm', onBehalf('cloudwatch.amazonaws.com', alarm('another'))],
    [
      'CloudWatch, for an alarm of another account',
      onBehalf('cloudwatch.amazonaws.com', alarm('photos-prod-dead-letters'), otherAccountId),
    ],
    ['API Gateway, for the API', onBehalf('apigateway.amazonaws.com', executeApi(names.api))],
    ['API Gateway, for another API', onBehalf('apigateway.amazonaws.com', executeApi('another'))],
    ['Cognito, for the user pool', onBehalf('cognito-idp.amazonaws.com', names.userPool)],
    ['Cognito, for another user pool', onBehalf('cognito-idp.amazonaws.com', `${userPools}another`)],
    ['Cognito, for a pool of another account', onBehalf('cognito-idp.amazonaws.com', names.userPool, otherAccountId)],
    ['whoever has signed in', signIn(names.identityPoolId, 'authenticated')],
    ['a guest', signIn(names.identityPoolId, 'unauthenticated')],
    ['whoever has signed in elsewhere', signIn(`${region}:another-pool`, 'authenticated')],
  ])
}

function placesOf(names: Names, { region, accountId }: Placement): ReadonlyMap<string, string> {
  const { variables } = names
  const regional = (service: string, resource: string) => `arn:aws:${service}:${region}:${accountId}:${resource}`
  const functions = [...names.functions].flatMap(([name, { arn, role }]): readonly (readonly [string, string])[] => [
    [`function ${name}`, arn],
    [`role of ${name}`, role],
    [`log of ${name}`, regional('logs', `log-group:/aws/lambda/${arn.slice(arn.lastIndexOf(':') + 1)}:log-stream:today`)],
  ])
  return new Map([
    ...functions,
    ['role of owners', names.ownerRole],
    ['upload', `arn:aws:s3:::${variables['PHOTOS_UPLOAD_BUCKET']}`],
    ['web', 'arn:aws:s3:::WebBucket'],
    ['deployments', 'arn:aws:s3:::ServerlessDeploymentBucket'],
    ['alarms', names.alarms],
    ['another bucket', 'arn:aws:s3:::another-bucket'],
    ['storage', `arn:aws:s3:::${variables['PHOTOS_STORAGE_BUCKET']}`],
    ['index', regional('dynamodb', `table/${variables['PHOTOS_INDEX_TABLE']}`)],
    ['auth records', regional('dynamodb', `table/${variables['PHOTOS_AUTH_TABLE']}`)],
    ['queue', names.queue],
    ['dead letters', names.deadLetters],
    ['auth secret', regional('ssm', `parameter${variables['PHOTOS_AUTH_SECRET_PARAMETER']}`)],
    ['another secret', regional('ssm', 'parameter/another/secret')],
  ])
}

/** `storage/KEY` is an object of the bucket, `index/by-capture-time` an index of the table, and so on. */
function placeIn(places: ReadonlyMap<string, string>, where: string): string {
  const [name = '', ...path] = where.split('/')
  const arn = find(places, name)
  if (path.length === 0) return arn
  return `${arn}/${arn.includes(':dynamodb:') ? 'index/' : ''}${path.join('/')}`
}

function transportOf(action: string): AccessRequest['context'] {
  return { 'aws:SecureTransport': 'true', ...(action.startsWith('s3:') && { 's3:TlsVersion': '1.3' }) }
}

/**
 * How a request is made. Only PutObject and CompleteMultipartUpload create an object and take conditions; beginning a multipart
 * upload and sending its parts are PutObject to IAM, too. Source: Amazon S3 User Guide, "Enforce conditional writes".
 */
const manners: ReadonlyMap<string, AccessRequest['context']> = new Map<string, AccessRequest['context']>([
  ['', {}],
  ['over plain HTTP', { 'aws:SecureTransport': 'false' }],
  ['over TLS 1.1', { 's3:TlsVersion': '1.1' }],
  ['if nothing is there', { 's3:if-none-match': '*', 's3:ObjectCreationOperation': 'true' }],
  ['whatever is there', { 's3:ObjectCreationOperation': 'true' }],
  ['as a part', { 's3:ObjectCreationOperation': 'false' }],
  ['of owner A', { 'dynamodb:LeadingKeys': ['owner#A'] }],
  ['of a grant', { 'dynamodb:LeadingKeys': ['grant#1'] }],
])

function find<Value>(named: ReadonlyMap<string, Value>, name: string): Value {
  const value = named.get(name)
  if (value === undefined) throw new Error(`the table says "${name}", which is not known here`)
  return value
}
