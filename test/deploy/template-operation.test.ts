import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import templateValues from '../../deploy/template-values.cjs'
import { type PackagedTemplate, packagedTemplate } from './packaged-template.ts'
import { type Placement, type ResolvedTemplate, resolveTemplate } from './resolve-template.ts'

const placement: Placement = { partition: 'aws', accountId: '111122223333', region: 'eu-west-1', stackName: 'photos-prod' }
const wishes = ['HasAlarmEmail', 'HasGoogle', 'HasDomain']

let template: PackagedTemplate
let plain: ResolvedTemplate
let full: ResolvedTemplate

beforeAll(async () => {
  template = await packagedTemplate()
  plain = resolveTemplate(template, placement)
  full = resolveTemplate(template, { ...placement, conditions: wishes })
}, 240_000)

const functionSchema = z.object({
  FunctionName: z.string(),
  Runtime: z.string(),
  Architectures: z.array(z.string()),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
})

describe('functions', () => {
  test('run on Node.js 24 and ARM, and their logs are not kept for ever', () => {
    const logs = plain
      .resourcesOf('AWS::Logs::LogGroup')
      .map(({ properties }) => [properties['LogGroupName'], properties['RetentionInDays']])
    for (const { properties } of plain.resourcesOf('AWS::Lambda::Function')) {
      const { FunctionName, Runtime, Architectures } = functionSchema.parse(properties)
      expect([Runtime, Architectures]).toEqual(['nodejs24.x', ['arm64']])
      expect(logs).toContainEqual([`/aws/lambda/${FunctionName}`, 30])
    }
    expect(logs.filter(([, days]) => days === undefined)).toEqual([])
  })

  test('no secret is in their environment, nor anywhere in the template', () => {
    const secretive = plain.resourcesOf('AWS::Lambda::Function').flatMap(({ properties }) => {
      return Object.entries(functionSchema.parse(properties).Environment.Variables).filter(([name]) =>
        /secret|key|password|token/i.test(name),
      )
    })
    expect(secretive).toEqual([['PHOTOS_AUTH_SECRET_PARAMETER', '/photos/prod/auth-secret']])
    const references = JSON.stringify(template).match(/\{\{resolve:[^}]*\}\}/g)
    expect(references).toEqual(['{{resolve:secretsmanager:photos/prod/google-client-secret:SecretString}}'])
  })
})

describe('sign-in', () => {
  test('accounts are made by an administrator, known by their email, and protected', () => {
    expect(plain.resource('UserPool').properties).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      UsernameAttributes: ['email'],
      UsernameConfiguration: { CaseSensitive: false },
      AutoVerifiedAttributes: ['email'],
      // Until the new address is verified, the old one stays: nobody takes over an account by changing its address.
      UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] },
      DeletionProtection: 'ACTIVE',
      LambdaConfig: {
        PreTokenGeneration: plain.resource('AuthorizeRefreshLambdaFunction').arn,
        PreSignUp: plain.resource('AdmitSignUpLambdaFunction').arn,
      },
    })
    expect(plain.resource('SignInDomain').properties).toMatchObject({
      ManagedLoginVersion: 2,
      Domain: 'photos-prod-111122223333',
    })
    expect(plain.resource('SignInBranding').properties).toMatchObject({ UseCognitoProvidedValues: true })
  })

  test('the client is public, signs in by code only, and its refresh tokens rotate', () => {
    expect(plain.resource('UserPoolClient').properties).toMatchObject({
      GenerateSecret: false,
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid', 'email', 'photos/access'],
      SupportedIdentityProviders: ['COGNITO'],
      ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'],
      EnableTokenRevocation: true,
      PreventUserExistenceErrors: 'ENABLED',
      RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 60 },
      AccessTokenValidity: 30,
      IdTokenValidity: 30,
      RefreshTokenValidity: 365,
    })
    const { CallbackURLs } = z.object({ CallbackURLs: z.array(z.string()) }).parse(plain.resource('UserPoolClient').properties)
    expect(CallbackURLs).toEqual([
      expect.stringMatching(/^https:\/\/[^/]+\.execute-api\.eu-west-1\.amazonaws\.com\/device\/callback$/),
      'http://localhost:8431/callback',
      'http://localhost:8432/callback',
      'http://localhost:8433/callback',
    ])
  })

  test('Google is there only for those who ask for it', () => {
    expect(plain.resourcesOf('AWS::Cognito::UserPoolIdentityProvider')).toEqual([])
    expect(full.resource('UserPoolClient').properties['SupportedIdentityProviders']).toEqual([
      'COGNITO',
      full.resource('GoogleProvider').logicalId,
    ])
  })

  test('what Google says of an address is kept, also that it is verified, which admit-sign-up asks for', () => {
    expect(full.resource('GoogleProvider').properties['AttributeMapping']).toEqual({
      email: 'email',
      email_verified: 'email_verified',
      username: 'sub',
    })
    const client = full.resource('UserPoolClient').properties
    // A list would have to hold all that is mapped, and cannot hold `email_verified`; the scopes above let nobody write by it.
    expect(client['WriteAttributes']).toBeUndefined()
    expect(client['ReadAttributes']).toEqual(['email', 'email_verified'])
  })

  test('temporary credentials are for who has signed in, and carry the owner', () => {
    expect(plain.resource('IdentityPool').properties).toMatchObject({
      AllowUnauthenticatedIdentities: false,
      AllowClassicFlow: false,
      CognitoIdentityProviders: [{ ServerSideTokenCheck: true }],
    })
    expect(plain.resource('IdentityPoolPrincipalTag').properties).toMatchObject({
      UseDefaults: false,
      PrincipalTags: { owner: 'sub' },
    })
    expect(plain.resource('IdentityPoolRoles').properties['Roles']).toEqual({ authenticated: plain.resource('OwnerRole').arn })
  })
})

const alarmSchema = z
  .strictObject({
    AlarmName: z.string().transform((name) => name.replace('photos-prod-', '')),
    AlarmDescription: z.string(),
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z
      .array(z.object({ Name: z.string(), Value: z.string() }))
      .default([])
      .transform((dimensions) => dimensions.map(({ Name, Value }) => `${Name} ${Value}`).join()),
    Statistic: z.string(),
    Period: z.int(),
    EvaluationPeriods: z.int(),
    DatapointsToAlarm: z.int().optional(),
    Threshold: z.number(),
    ComparisonOperator: z.string(),
    TreatMissingData: z.enum(['breaching', 'notBreaching']),
    AlarmActions: z.array(z.string()).default([]),
    OKActions: z.array(z.string()).default([]),
  })
  .transform(({ DatapointsToAlarm, ...alarm }) => ({ ...alarm, DatapointsToAlarm: DatapointsToAlarm ?? alarm.EvaluationPeriods }))
const alarmsOf = (from: ResolvedTemplate) =>
  from.resourcesOf('AWS::CloudWatch::Alarm').map(({ properties }) => alarmSchema.parse(properties))

describe('alarms', () => {
  test('there are as many as are free, and each measures what it is there for', () => {
    const errorsOf = (name: string) => ['AWS/Lambda', 'Errors', `FunctionName photos-prod-${name}`, 'Sum']
    const measured = alarmsOf(plain).map((alarm) => {
      const { AlarmName, Namespace, MetricName, Dimensions, Statistic, ComparisonOperator, Threshold } = alarm
      return [AlarmName, Namespace, MetricName, Dimensions, Statistic, ComparisonOperator, Threshold]
    })
    const more = 'GreaterThanOrEqualToThreshold'
    expect(measured.sort()).toEqual([
      ['admit-sign-up-errors', ...errorsOf('admit-sign-up'), more, 20],
      ['api-errors', ...errorsOf('api'), more, 1],
      ['api-failures', 'AWS/ApiGateway', '5xx', 'ApiId HttpApi', 'Sum', more, 5],
      ['auth-errors', ...errorsOf('auth'), more, 1],
      ['authorize-refresh-errors', ...errorsOf('authorize-refresh'), more, 20],
      // How many lie there, not how many came: a message that the queue itself moves there is not counted as sent.
      ['dead-letters', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName photos-uploads-dead-prod', 'Maximum', more, 1],
      ['process-upload-errors', ...errorsOf('process-upload'), more, 1],
      ['queue-age', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName photos-uploads-prod', 'Maximum', more, 7200],
      ['sync-missing', 'AWS/Lambda', 'Invocations', 'FunctionName photos-prod-authorize-refresh', 'Sum', 'LessThanThreshold', 1],
      ['throttles', 'AWS/Lambda', 'Throttles', '', 'Sum', more, 5],
    ])
    expect(measured.length).toBeLessThanOrEqual(10)
  })

  test('a sync that does not come is one of no data, within the seven days that CloudWatch looks back', () => {
    const timing = alarmsOf(plain).map((alarm) => {
      const { AlarmName, Period, EvaluationPeriods, DatapointsToAlarm, TreatMissingData } = alarm
      return [AlarmName, { Period, EvaluationPeriods, DatapointsToAlarm, TreatMissingData }] as const
    })
    const fiveMinutes = { Period: 300, EvaluationPeriods: 1, DatapointsToAlarm: 1, TreatMissingData: 'notBreaching' }
    for (const [name, found] of timing) {
      if (name === 'sync-missing') {
        expect(found).toEqual({ Period: 86_400, EvaluationPeriods: 7, DatapointsToAlarm: 7, TreatMissingData: 'breaching' })
      } else if (name === 'throttles') expect(found).toEqual({ ...fiveMinutes, EvaluationPeriods: 3, DatapointsToAlarm: 2 })
      else if (name === 'queue-age') expect(found).toEqual({ ...fiveMinutes, EvaluationPeriods: 3, DatapointsToAlarm: 3 })
      else expect(found, name).toEqual(fiveMinutes)
    }
  })

  test('that section says of every alarm what it means', async () => {
    const guide = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'deploy.md'), 'utf8')
    const [section = ''] = /^## 7\. .*?(?=^## 8\. )/ms.exec(guide) ?? []
    const told = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names = '']) => names.match(/[\w-]+/g) ?? [])
    const alarms = alarmsOf(plain).map(({ AlarmName }) => AlarmName)
    expect(told.sort()).toEqual(alarms.sort())
  })

  test('the mail says where to look: a section of docs/deploy.md, and a log that is there', () => {
    const logs = plain.resourcesOf('AWS::Logs::LogGroup').map(({ properties }) => properties['LogGroupName'])
    for (const { AlarmName, AlarmDescription } of alarmsOf(plain)) {
      expect(AlarmDescription, AlarmName).toMatch(/docs\/deploy\.md, section 7/)
      for (const [log] of AlarmDescription.matchAll(/\/aws\/lambda\/[\w-]+/g)) expect(logs, AlarmName).toContain(log)
      expect(AlarmDescription.length, AlarmName).toBeLessThanOrEqual(1024)
    }
  })

  test('mails are for those who gave an address, and so is the budget', () => {
    expect(alarmsOf(plain).flatMap(({ AlarmActions, OKActions }) => [...AlarmActions, ...OKActions])).toEqual([])
    expect([...plain.resourcesOf('AWS::SNS::Topic'), ...plain.resourcesOf('AWS::Budgets::Budget')]).toEqual([])
    for (const { AlarmName, AlarmActions, OKActions } of alarmsOf(full)) {
      expect([...AlarmActions, ...OKActions], AlarmName).toEqual([
        full.resource('AlarmTopic').arn,
        full.resource('AlarmTopic').arn,
      ])
    }
    expect(full.resource('Budget').properties).toMatchObject({
      Budget: { BudgetLimit: { Amount: 5, Unit: 'USD' }, TimeUnit: 'MONTHLY' },
    })
  })
})

describe('what an operator chooses', () => {
  const valuesFor = (chosen: Readonly<Record<string, string>>) => {
    const defaults: Readonly<Record<string, string>> = JSON.parse(z.string().parse(template.Outputs['Parameters']?.Value))
    return templateValues.values({
      resolveVariable: async (name) =>
        name.startsWith('opt:stage') ? (chosen['stage'] ?? 'prod') : (chosen[name.slice(6)] ?? defaults[name.slice(6)]),
    })
  }

  test.each([
    { stage: 'Prod' },
    { stage: 'my-aws' },
    { stage: 'a-name-that-is-too-long' },
    { stage: '../x' },
    { syncMissingDays: '8' },
    { storageClass: 'GLACIER' },
    { alarmEmail: 'nobody' },
    { domainName: 'photos.example.org' },
    { googleClientId: '1.apps.googleusercontent.com' },
    { objectLockDays: '00' },
    { objectLockDays: '99999' },
    { budgetUsd: '0' },
    { budgetUsd: '0.00' },
    { budgetUsd: '05' },
  ])('%o is refused before anything is packaged, in one sentence', async (chosen) => {
    const error = await valuesFor(chosen).then(String, (refused: unknown) => z.instanceof(Error).parse(refused))
    expect(error).toMatchObject({ message: expect.stringMatching(/cannot be|need each other/) })
    // The framework shows this, and not the message.
    expect(error).toMatchObject({ stack: z.instanceof(Error).parse(error).message })
  })

  test.each([{ objectLockDays: '3650' }, { budgetUsd: '0.5' }, { budgetUsd: '10' }, { budgetUsd: '1000.25' }])(
    '%o can be',
    async (chosen) => {
      await expect(valuesFor(chosen)).resolves.toBeDefined()
    },
  )

  test('is told by the stack, for the next deployment', async () => {
    expect(await valuesFor({ stage: 'test', alarmEmail: 'ana@example.org' })).toMatchObject({
      stage: 'test',
      parametersJson: expect.stringContaining('"alarmEmail":"ana@example.org"'),
    })
    expect(Object.keys(template.Outputs)).toEqual(
      expect.arrayContaining([
        'ApiUrl',
        'UserPoolId',
        'StorageBucket',
        'UploadBucket',
        'WebBucket',
        'IndexTable',
        'AuthTable',
        'Parameters',
      ]),
    )
  })
})
