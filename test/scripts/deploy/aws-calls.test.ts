import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ensureAuthSecret } from '../../../scripts/deploy/auth-secret.js'
import { checkRemote } from '../../../scripts/deploy/check-remote.js'
import { inviteUser } from '../../../scripts/deploy/first-user.js'
import { findKept } from '../../../scripts/deploy/kept.js'
import { namesOf } from '../../../scripts/deploy/names.js'
import { mendStack, settledStack } from '../../../scripts/deploy/stack.js'
import { findLeftOver, importOf, takeInAgain } from '../../../scripts/deploy/take-in-again.js'
import type { StackState } from '../fake-aws/account-state.ts'
import { AwsRefusal } from '../fake-aws/aws-answer.ts'
import { type FakeAws, startFakeAws } from '../fake-aws/fake-aws.ts'

beforeEach(() => {
  // In these tests nobody waits for AWS.
  vi.stubEnv('SLS_AWS_MONITORING_FREQUENCY', '1')
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
})
afterEach(() => void vi.unstubAllEnvs())

const place = { accountId: '123456789012', region: 'eu-central-1', partition: 'aws', arn: 'arn:aws:iam::123456789012:user/anna' }
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'of the test' }
const quiet = (): void => {}

const accountAt = ({ url }: FakeAws) => ({
  ...place,
  credentials: async () => credentials,
  client: { region: place.region, credentials, endpoint: url, maxAttempts: 1 },
})

/** A stack that is in one state after the other, and stays in the last one. */
function stackOf(...statuses: readonly string[]): StackState {
  let [now = '', ...later] = statuses
  return {
    get status() {
      const asked = now
      now = later.shift() ?? now
      return asked
    },
    set status(status) {
      ;[now, later] = [status, []]
    },
    template: { Resources: {} },
    outputs: {},
    resources: new Map(),
    events: [],
  }
}

test('a stack that an interrupted run left to AWS is waited for, and that is said once', async () => {
  const aws = await startFakeAws()
  aws.account.stacks.set('photos-prod', stackOf('UPDATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE'))
  const said: string[] = []
  const stack = await settledStack(new CloudFormationClient(accountAt(aws).client), 'photos-prod', (line) => said.push(line))
  expect(stack?.status).toBe('UPDATE_COMPLETE')
  expect(said).toEqual([expect.stringContaining('stack photos-prod is being changed (UPDATE_IN_PROGRESS)')])
})

test('a stack that was named and never made is removed', async () => {
  const aws = await startFakeAws()
  aws.account.stacks.set('photos-prod', stackOf('REVIEW_IN_PROGRESS'))
  const cloudFormation = new CloudFormationClient(accountAt(aws).client)
  const stack = await settledStack(cloudFormation, 'photos-prod', quiet)
  expect(await mendStack(cloudFormation, stack, quiet)).toBeUndefined()
  expect(aws.account.stacks.size).toBe(0)
})

test('going back is gone on with when that is asked for', async () => {
  const aws = await startFakeAws()
  aws.account.stacks.set('photos-prod', stackOf('UPDATE_ROLLBACK_FAILED', 'UPDATE_ROLLBACK_COMPLETE'))
  const cloudFormation = new CloudFormationClient(accountAt(aws).client)
  const stack = await settledStack(cloudFormation, 'photos-prod', quiet)
  expect(await mendStack(cloudFormation, stack, quiet)).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' })
  expect(aws.asked).toContain('CloudFormation ContinueUpdateRollback')
})

test('a secret that is there is neither replaced nor asked for in the clear', async () => {
  const aws = await startFakeAws()
  aws.account.parameters.set('/photos/prod/auth-secret', { value: 'the old one', type: 'SecureString' })
  expect(await ensureAuthSecret(accountAt(aws), '/photos/prod/auth-secret')).toBe('kept')
  expect(aws.asked).toEqual(['AmazonSSM.GetParameter'])
  expect(aws.transcript.join('\n')).not.toContain('"WithDecryption":true')
})

test('of two who make the secret at once, the first one counts', async () => {
  const aws = await startFakeAws()
  aws.refuse('AmazonSSM.PutParameter', new AwsRefusal('ParameterAlreadyExists', 'The parameter already exists.'))
  expect(await ensureAuthSecret(accountAt(aws), '/photos/prod/auth-secret')).toBe('kept')
})

test('who may not write to the parameter store is told so', async () => {
  const aws = await startFakeAws()
  const message = 'User: arn:x is not authorized to perform: ssm:PutParameter on resource: arn:y'
  aws.refuse('AmazonSSM.PutParameter', new AwsRefusal('AccessDeniedException', message))
  await expect(ensureAuthSecret(accountAt(aws), '/photos/prod/auth-secret')).rejects.toThrow(
    'your user may not write to the parameter store (SSM): ssm:PutParameter on arn:y',
  )
})

test('who has signed in before keeps their password; who has not is mailed again', async () => {
  const aws = await startFakeAws()
  const users = new Map([
    ['anna@example.com', { status: 'CONFIRMED', mails: 1 }],
    ['ben@example.com', { status: 'FORCE_CHANGE_PASSWORD', mails: 1 }],
  ])
  aws.account.userPools.set('pool', { name: 'photos-prod', users })
  expect(await inviteUser(accountAt(aws), 'pool', 'anna@example.com')).toBe('is-there')
  expect(await inviteUser(accountAt(aws), 'pool', 'ben@example.com')).toBe('invited-again')
  expect([...users.values()].map(({ mails }) => mails)).toEqual([1, 2])
})

test('an address that describes another deployment is refused, and one that does not answer is told', async () => {
  const aws = await startFakeAws()
  await checkRemote(aws.url, { stage: 'prod', region: 'eu-central-1', storageBucket: undefined })
  await expect(checkRemote(aws.url, { stage: 'prod', region: 'us-east-1', storageBucket: undefined })).rejects.toThrow(
    'does not describe',
  )
  aws.refuse('GET /.well-known/photos.json', new AwsRefusal('InternalFailure', '', 500))
  await expect(checkRemote(aws.url, { stage: 'prod', region: 'eu-central-1', storageBucket: undefined })).rejects.toThrow(
    `everything is deployed, but ${aws.url}/.well-known/photos.json could not be reached (it answers 500)`,
  )
})

test('two user pools of the same name are not chosen between', async () => {
  const aws = await startFakeAws()
  const name = namesOf('prod', place).userPool
  for (const id of ['one', 'two']) aws.account.userPools.set(id, { name, users: new Map() })
  await expect(findKept(accountAt(aws), namesOf('prod', place), { measured: false })).rejects.toThrow(
    `2 user pools called ${name}: one, two`,
  )
})

test('what belongs to the stack is not left over', async () => {
  const aws = await startFakeAws()
  const { storageBucket, indexTable } = namesOf('prod', place)
  aws.account.buckets.set(storageBucket, new Map([['originals/1', Buffer.alloc(1500)]]))
  aws.account.tables.add(indexTable)
  const state = stackOf('UPDATE_ROLLBACK_COMPLETE')
  state.resources.set('Index', { type: 'AWS::DynamoDB::Table', id: indexTable })
  aws.account.stacks.set('photos-prod', state)
  const cloudFormation = new CloudFormationClient(accountAt(aws).client)
  const kept = await findKept(accountAt(aws), namesOf('prod', place), { measured: true })
  expect(kept.map(({ holds }) => holds)).toEqual(['1 objects, 1.5 kB', 'about 1234 records, 567.9 kB'])
  const leftOver = await findLeftOver(cloudFormation, await settledStack(cloudFormation, 'photos-prod', quiet), kept)
  expect(leftOver.map(({ id }) => id)).toEqual([storageBucket])
})

test('what is taken in leaves out what leads to resources that are not there yet, and can never be deleted by a rollback', () => {
  const Resources = {
    Storage: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        BucketName: { 'Fn::Join': ['-', ['photos-storage-prod', { Ref: 'AWS::AccountId' }, { Ref: 'AWS::Region' }]] },
        NotificationConfiguration: { QueueConfigurations: [{ Queue: { 'Fn::GetAtt': ['Queue', 'Arn'] } }] },
        VersioningConfiguration: { Status: 'Enabled' },
      },
    },
    Users: {
      Type: 'AWS::Cognito::UserPool',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's, not JavaScript's
      Properties: { UserPoolName: 'photos-prod', LambdaConfig: { PreTokenGeneration: { 'Fn::Sub': '${Refresh.Arn}' } } },
    },
    Queue: { Type: 'AWS::SQS::Queue', Properties: {} },
  }
  const bucket = 'photos-storage-prod-123456789012-eu-central-1'
  const kept = [
    { type: 'AWS::S3::Bucket', name: bucket, id: bucket, holds: '' },
    { type: 'AWS::Cognito::UserPool', name: 'photos-prod', id: 'eu-central-1_abc', holds: '' },
  ] as const
  const { BucketName, VersioningConfiguration } = Resources.Storage.Properties
  const policies = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
  expect(importOf({ Resources }, kept, place)).toEqual({
    body: {
      AWSTemplateFormatVersion: '2010-09-09',
      Resources: {
        Storage: { Type: 'AWS::S3::Bucket', ...policies, Properties: { BucketName, VersioningConfiguration } },
        Users: { Type: 'AWS::Cognito::UserPool', ...policies, Properties: { UserPoolName: 'photos-prod' } },
      },
    },
    resources: [
      { ResourceType: 'AWS::S3::Bucket', LogicalResourceId: 'Storage', ResourceIdentifier: { BucketName: bucket } },
      {
        ResourceType: 'AWS::Cognito::UserPool',
        LogicalResourceId: 'Users',
        ResourceIdentifier: { UserPoolId: 'eu-central-1_abc' },
      },
    ],
  })
})

test('what a first deployment that failed could not take back is put into the stack that it left', async () => {
  const aws = await startFakeAws()
  aws.account.userPools.set('eu-central-1_abc', { name: 'photos-prod', users: new Map() })
  const state = stackOf('UPDATE_ROLLBACK_COMPLETE')
  state.template = { Resources: { Zips: { Type: 'AWS::S3::Bucket' } }, Outputs: { Zips: { Value: { Ref: 'Zips' } } } }
  state.resources.set('Zips', { type: 'AWS::S3::Bucket', id: 'zips' })
  aws.account.stacks.set('photos-prod', state)
  const cloudFormation = new CloudFormationClient(accountAt(aws).client)
  const stack = await settledStack(cloudFormation, 'photos-prod', quiet)
  const template = {
    Resources: {
      Users: { Type: 'AWS::Cognito::UserPool', Properties: { UserPoolName: 'photos-prod' } },
      Domain: { Type: 'AWS::Cognito::UserPoolDomain', Properties: { UserPoolId: { Ref: 'Users' } } },
    },
  }
  const leftOver = await findLeftOver(
    cloudFormation,
    stack,
    await findKept(accountAt(aws), namesOf('prod', place), { measured: false }),
  )
  await takeInAgain(cloudFormation, { stackName: 'photos-prod', stack, template }, leftOver, place)
  expect([...state.resources]).toEqual([
    ['Zips', { type: 'AWS::S3::Bucket', id: 'zips' }],
    ['Users', { type: 'AWS::Cognito::UserPool', id: 'eu-central-1_abc' }],
  ])
})

test('an import that CloudFormation refuses is told, with what is left to do', async () => {
  const aws = await startFakeAws()
  const cloudFormation = new CloudFormationClient(accountAt(aws).client)
  const kept = [{ type: 'AWS::DynamoDB::Table', name: 'photos-index-prod', id: 'photos-index-prod', holds: '' }] as const
  const template = { Resources: { Index: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'photos-index-prod' } } } }
  const target = { stackName: 'photos-prod', stack: undefined, template }
  await expect(takeInAgain(cloudFormation, target, kept, place)).rejects.toThrow(
    'CloudFormation could not take in again what an earlier deployment left: Resources [Index] cannot be imported',
  )
})
