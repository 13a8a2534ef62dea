import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { httpRoutes } from '../../lambda/http-routes.ts'
import { type Packaged, type PackagedTemplate, packaged, packagedTemplate } from './packaged-template.ts'
import { type Placement, type ResolvedTemplate, resolveTemplate } from './resolve-template.ts'

const placement: Placement = { partition: 'aws', accountId: '111122223333', region: 'eu-west-1', stackName: 'photos-prod' }
const wishes = ['HasAlarmEmail', 'HasObjectLock', 'HasGoogle', 'HasDomain', 'HasSignInDomainPrefix']

let result: Packaged
let template: PackagedTemplate
/** As it is deployed by default, and for somebody who wants everything. */
let plain: ResolvedTemplate
let full: ResolvedTemplate

beforeAll(async () => {
  result = await packaged()
  template = await packagedTemplate()
  plain = resolveTemplate(template, placement)
  full = resolveTemplate(template, { ...placement, conditions: wishes })
}, 240_000)

const properties = (logicalId: string) => plain.resource(logicalId).properties
const namesOf = (type: string, from = plain) => from.resourcesOf(type).map(({ logicalId }) => logicalId)

describe('serverless package', () => {
  test('has nothing to warn of, without network and credentials', () => {
    expect(result.output).toContain('Service packaged')
    expect(result.output).not.toMatch(/warn|deprecat|unsupported|error/i)
  })

  test('makes our functions and no helper of its own', () => {
    expect(namesOf('AWS::Lambda::Function').sort()).toEqual(
      ['AdmitSignUp', 'Api', 'Auth', 'AuthorizeRefresh', 'ProcessUpload'].map((name) => `${name}LambdaFunction`),
    )
    const types = Object.values(template.Resources).map(({ Type }) => Type)
    expect(types.filter((type) => !/^AWS::/.test(type) || type.startsWith('AWS::CloudFormation::'))).toEqual([])
  })
})

describe('buckets', () => {
  test('every one is encrypted, and closed to the public', () => {
    const closed = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
    const algorithm = { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }
    for (const bucket of plain.resourcesOf('AWS::S3::Bucket')) {
      expect(bucket.properties, bucket.logicalId).toMatchObject({
        BucketEncryption: { ServerSideEncryptionConfiguration: [algorithm] },
        PublicAccessBlockConfiguration: closed,
      })
    }
  })

  test('every one has a policy that refuses whatever is not TLS; ours refuse TLS before 1.2', () => {
    const statements = plain.resourcesOf('AWS::S3::BucketPolicy').map(({ logicalId, properties: { PolicyDocument } }) => {
      return [logicalId, JSON.stringify(PolicyDocument)] as const
    })
    expect(statements.map(([name]) => name.replace(/Policy$/, '')).sort()).toEqual(namesOf('AWS::S3::Bucket').sort())
    for (const [name, text] of statements) {
      expect(text, name).toMatch(/"aws:SecureTransport":"?false/)
      if (!name.startsWith('Serverless')) expect(text, name).toContain('"NumericLessThan":{"s3:TlsVersion":"1.2"}')
    }
  })

  test('everything in the upload bucket expires after a day, unfinished uploads after a week', () => {
    expect(properties('UploadBucket')['LifecycleConfiguration']).toEqual({
      Rules: [
        {
          Id: 'everything-expires',
          Status: 'Enabled',
          ExpirationInDays: 1,
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
      ],
    })
    expect(properties('UploadBucket')['VersioningConfiguration']).toBeUndefined()
  })

  test('nothing in the storage bucket expires, but for probes; every version is kept', () => {
    expect(properties('StorageBucket')).toMatchObject({ VersioningConfiguration: { Status: 'Enabled' } })
    const { Rules } = z
      .object({ Rules: z.array(z.record(z.string(), z.json())) })
      .parse(properties('StorageBucket')['LifecycleConfiguration'])
    const expiring = Rules.filter((rule) => Object.keys(rule).some((key) => /expir|transition/i.test(key)))
    expect(expiring.map(({ Prefix }) => Prefix)).toEqual(['probes/', 'probes/'])
  })

  test('Object Lock is there for those who ask for it', () => {
    expect(properties('StorageBucket')).toMatchObject({ ObjectLockEnabled: true })
    expect(properties('StorageBucket')['ObjectLockConfiguration']).toEqual({ ObjectLockEnabled: 'Enabled' })
    expect(full.resource('StorageBucket').properties).toMatchObject({
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE' } } },
    })
  })
})

test('photos, index and accounts outlive the stack; a first deployment that fails leaves but the protected pool', () => {
  const kept = Object.entries(template.Resources).flatMap(([name, { DeletionPolicy = '', UpdateReplacePolicy }]) => {
    return DeletionPolicy.startsWith('Retain') ? [[name, DeletionPolicy, UpdateReplacePolicy]] : []
  })
  expect(kept.sort()).toEqual([
    ...['AuthTable', 'IndexTable', 'StorageBucket', 'UploadBucket'].map((name) => [name, 'RetainExceptOnCreate', 'Retain']),
    // CloudFormation could not delete it, and nothing else of the stack that failed could be removed.
    ['UserPool', 'Retain', 'Retain'],
  ])
})

test('tables are paid for by request, can be put back to any second, and forget what has expired', () => {
  expect(namesOf('AWS::DynamoDB::Table')).toEqual(['IndexTable', 'AuthTable'])
  for (const table of plain.resourcesOf('AWS::DynamoDB::Table')) {
    expect(table.properties, table.logicalId).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    })
  }
})

describe('the API', () => {
  test('asks for an access token with the scope on every route but the public ones', () => {
    const routes = plain.resourcesOf('AWS::ApiGatewayV2::Route').map(({ properties: route }) => {
      return [route['RouteKey'], route['AuthorizationType'] ?? 'NONE', route['AuthorizationScopes'] ?? []]
    })
    const expected = httpRoutes.map(({ method, path, access }) => {
      return access === 'owner' ? [`${method} ${path}`, 'JWT', ['photos/access']] : [`${method} ${path}`, 'NONE', []]
    })
    expect(routes.sort()).toEqual(expected.sort())
    expect(properties('HttpApiAuthorizerAccessTokens')).toMatchObject({
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
    })
  })

  test('is throttled, and its log holds no address, no token and no query', () => {
    const stage = properties('HttpApiStage')
    expect(stage['DefaultRouteSettings']).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 })
    expect(stage['StageVariables']).toBeUndefined()
    const { Format } = z.object({ Format: z.string() }).parse(stage['AccessLogSettings'])
    expect(Format).not.toMatch(/path|query|header|authorizer\.(?!error)|domain/i)
    expect(Object.keys(JSON.parse(Format))).toContain('route')
  })

  test('has a name of its own only where one was given: regional, TLS 1.2', () => {
    expect(namesOf('AWS::ApiGatewayV2::DomainName')).toEqual([])
    expect(full.resource('ApiDomain').properties).toMatchObject({
      DomainNameConfigurations: [{ EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
    })
    expect(full.resource('ApiDomainMapping').properties).toMatchObject({ ApiId: 'HttpApi', Stage: 'HttpApiStage' })
  })
})

describe('the queue', () => {
  test('hands one message out at a time to few, five times at most, and keeps what failed', () => {
    expect(properties('ProcessUploadEventSourceMappingSQSUploadQueue')).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    })
    expect(properties('UploadQueue')).toMatchObject({
      SqsManagedSseEnabled: true,
      RedrivePolicy: { deadLetterTargetArn: plain.resource('DeadLetterQueue').arn, maxReceiveCount: 5 },
    })
    expect(properties('DeadLetterQueue')).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 })
  })

  test('two never work on one upload', () => {
    const visible = z.number().parse(properties('UploadQueue')['VisibilityTimeout'])
    expect(visible).toBeGreaterThan(z.number().parse(properties('ProcessUploadLambdaFunction')['Timeout']))
  })

  test('hears of uploads, and its policy lets in that bucket only', () => {
    expect(properties('UploadBucket')['NotificationConfiguration']).toEqual({
      QueueConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Queue: plain.resource('UploadQueue').arn,
          Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'uploads/' }] } },
        },
      ],
    })
    expect(properties('UploadQueuePolicy')).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Principal: { Service: 's3.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: {
              ArnEquals: { 'aws:SourceArn': plain.resource('UploadBucket').arn },
              StringEquals: { 'aws:SourceAccount': '111122223333' },
            },
          },
          { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        ],
      },
    })
  })
})
