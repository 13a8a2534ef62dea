import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
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

const alarmSchema = z.object({
  AlarmName: z.string(),
  Period: z.int(),
  EvaluationPeriods: z.int(),
  TreatMissingData: z.enum(['breaching', 'notBreaching']),
  AlarmActions: z.array(z.string()).optional(),
})
const alarmsOf = (from: ResolvedTemplate) =>
  from.resourcesOf('AWS::CloudWatch::Alarm').map(({ properties }) => alarmSchema.parse(properties))

describe('alarms', () => {
  test('there are as many as are free, one for everything that can go wrong unseen', () => {
    const functions = ['admit-sign-up', 'api', 'auth', 'authorize-refresh', 'process-upload'].map((name) => `${name}-errors`)
    const others = ['api-failures', 'dead-letters', 'queue-age', 'sync-missing', 'throttles']
    expect(
      alarmsOf(plain)
        .map(({ AlarmName }) => AlarmName.replace('photos-prod-', ''))
        .sort(),
    ).toEqual([...functions, ...others].sort())
    expect(alarmsOf(plain).length).toBeLessThanOrEqual(10)
  })

  test('a sync that does not come is one of no data, within the seven days that CloudWatch looks back', () => {
    const missing = alarmsOf(plain).find(({ AlarmName }) => AlarmName.endsWith('sync-missing'))
    expect(missing).toMatchObject({ TreatMissingData: 'breaching', Period: 86_400, EvaluationPeriods: 7 })
    expect(alarmsOf(plain).filter(({ TreatMissingData }) => TreatMissingData === 'breaching')).toHaveLength(1)
  })

  test('mails are for those who gave an address, and so is the budget', () => {
    expect(alarmsOf(plain).flatMap(({ AlarmActions = [] }) => AlarmActions)).toEqual([])
    expect([...plain.resourcesOf('AWS::SNS::Topic'), ...plain.resourcesOf('AWS::Budgets::Budget')]).toEqual([])
    for (const alarm of alarmsOf(full)) expect(alarm.AlarmActions, alarm.AlarmName).toEqual([full.resource('AlarmTopic').arn])
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
  ])('%o is refused before anything is packaged', async (chosen) => {
    await expect(valuesFor(chosen)).rejects.toThrow(/cannot be|need each other/)
  })

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
