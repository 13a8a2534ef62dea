import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { contentHashSchema } from '../../contract/content-hash.ts'
import {
  locationJournalKey,
  originalKey,
  probeKey,
  probePrefix,
  probeRenditionKey,
  probeUploadKey,
  renditionKey,
  uploadKey,
  verificationKey,
} from '../../contract/object-keys.ts'
import { type Owner, ownerSchema } from '../../contract/owner.ts'
import { accessScope, loopbackRedirectUris } from '../../contract/remote-configuration.ts'
import { usualGrants } from '../../embedded/cognito/temporary-credentials.ts'
import { storageBucket, uploadBucket } from '../../embedded/functions.ts'
import { tokenSeconds } from '../../embedded/issuer.ts'
import { isAllowed } from '../../embedded/s3/credentials.ts'
import { authEnvironmentSchema } from '../../lambda/aws/auth-environment.ts'
import { authTableDefinition, expiryAttribute } from '../../lambda/aws/auth-table.ts'
import {
  deployedNames,
  maximumReceives,
  refreshGraceSeconds,
  refreshTokenDays,
  unfinishedUploadExpiryDays,
  uploadExpiryDays,
  visibilityTimeoutSeconds,
} from '../../lambda/aws/deployment.ts'
import { environmentSchema } from '../../lambda/aws/environment.ts'
import { indexTableDefinition } from '../../lambda/aws/index-table.ts'
import { httpRoutes } from '../../lambda/http-routes.ts'
import { decideAccess } from './decide-access.ts'
import { readNames } from './deployed-names.ts'
import { packagedTemplate } from './packaged-template.ts'
import { placement } from './placement-in-test.ts'
import { policiesOf } from './policies-of.ts'
import { type ResolvedTemplate, resolveTemplate } from './resolve-template.ts'

let template: ResolvedTemplate

beforeAll(async () => {
  template = resolveTemplate(await packagedTemplate(), placement)
}, 240_000)

const functionSchema = z.object({
  Handler: z.string(),
  Timeout: z.int(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
})

/** A function of the template by the name of its handler's file. */
function functionOf(name: string) {
  const functions = template
    .resourcesOf('AWS::Lambda::Function')
    .map(({ properties, arn }) => ({ ...functionSchema.parse(properties), arn }))
  const found = functions.find(({ Handler }) => Handler === `lambda/${name}.handler`)
  if (found === undefined) throw new Error(`the template has no function lambda/${name}`)
  return found
}

describe('routes', () => {
  const routeSchema = z.object({
    RouteKey: z.string(),
    Target: z.string().transform((target) => target.replace(/^integrations\//, '')),
    AuthorizationType: z.string().default('NONE'),
    AuthorizationScopes: z.array(z.string()).default([]),
  })
  const integrationSchema = z.object({ IntegrationUri: z.string(), PayloadFormatVersion: z.string() })

  test('the HTTP API has those of the list, with their functions, and asks for a token where the list says so', () => {
    const deployed = template.resourcesOf('AWS::ApiGatewayV2::Route').map(({ properties }) => {
      const { RouteKey, Target, AuthorizationType, AuthorizationScopes } = routeSchema.parse(properties)
      const { IntegrationUri, PayloadFormatVersion } = integrationSchema.parse(template.resource(Target).properties)
      return { key: RouteKey, function: IntegrationUri, PayloadFormatVersion, AuthorizationType, AuthorizationScopes }
    })
    const listed = httpRoutes.map((route) => ({
      key: `${route.method} ${route.path}`,
      function: functionOf(route.function).arn,
      PayloadFormatVersion: '2.0',
      AuthorizationType: route.access === 'owner' ? 'JWT' : 'NONE',
      AuthorizationScopes: route.access === 'owner' ? [accessScope] : [],
    }))
    const byKey = (one: { readonly key: string }, other: { readonly key: string }) => one.key.localeCompare(other.key)
    expect(deployed.sort(byKey)).toEqual(listed.sort(byKey))
  })
})

describe('tables', () => {
  const tableSchema = z.object({
    TableName: z.string(),
    BillingMode: z.string(),
    AttributeDefinitions: z.array(z.unknown()),
    KeySchema: z.array(z.unknown()),
    GlobalSecondaryIndexes: z.array(z.unknown()).optional(),
    TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }),
  })

  test('are made as the embedded backend makes them, and both expire by the attribute that the functions write', () => {
    const deployed = template.resourcesOf('AWS::DynamoDB::Table').map(({ properties }) => tableSchema.parse(properties))
    const { PHOTOS_INDEX_TABLE: index = '' } = functionOf('api').Environment.Variables
    const { PHOTOS_AUTH_TABLE: auth = '' } = functionOf('auth').Environment.Variables
    const TimeToLiveSpecification = { AttributeName: expiryAttribute, Enabled: true }
    const byName = (one: { readonly TableName?: string | undefined }, other: { readonly TableName?: string | undefined }) =>
      String(one.TableName).localeCompare(String(other.TableName))
    const defined = [indexTableDefinition(index), authTableDefinition(auth)].map((table) => ({
      ...table,
      TimeToLiveSpecification,
    }))
    expect(deployed.sort(byName)).toEqual(defined.sort(byName))
  })
})

describe('functions', () => {
  test('are called as deployedNames() says, and so are their roles and logs', () => {
    const names = Object.values(deployedNames({ stage: 'prod', ...placement }).functions).sort()
    const called = (type: string, property: string) =>
      template.resourcesOf(type).map(({ properties }) => z.string().parse(properties[property]))
    expect(called('AWS::Lambda::Function', 'FunctionName').sort()).toEqual(names)
    expect(called('AWS::IAM::Role', 'RoleName')).toEqual(
      expect.arrayContaining(names.map((name) => `${name}-${placement.region}`)),
    )
    expect(called('AWS::Logs::LogGroup', 'LogGroupName')).toEqual(
      expect.arrayContaining(names.map((name) => `/aws/lambda/${name}`)),
    )
  })

  test.each([
    ['api', environmentSchema],
    ['process-upload', environmentSchema],
    ['auth', authEnvironmentSchema],
    ['authorize-refresh', authEnvironmentSchema],
  ] as const)('%s is given the variables that it reads, and no others', (name, schema) => {
    const { Variables } = functionOf(name).Environment
    expect(() => schema.parse({ ...Variables, AWS_REGION: placement.region })).not.toThrow()
    const read = Object.keys(schema.def.in.shape)
    expect(Object.keys(Variables).filter((variable) => !read.includes(variable))).toEqual([])
  })
})

describe('queue', () => {
  const queueSchema = z.object({
    VisibilityTimeout: z.int().optional(),
    RedrivePolicy: z.object({ maxReceiveCount: z.int() }).optional(),
  })

  test('a message is handed out as often as the processing counts on', () => {
    const queues = template.resourcesOf('AWS::SQS::Queue').map(({ properties }) => queueSchema.parse(properties))
    expect(queues.flatMap(({ RedrivePolicy }) => RedrivePolicy?.maxReceiveCount ?? [])).toEqual([maximumReceives])
  })

  test('a message that is being worked on is not handed out again', () => {
    const queues = template.resourcesOf('AWS::SQS::Queue').map(({ properties }) => queueSchema.parse(properties))
    const [upload] = queues.filter(({ RedrivePolicy }) => RedrivePolicy !== undefined)
    expect(upload?.VisibilityTimeout).toBe(visibilityTimeoutSeconds)
    expect(visibilityTimeoutSeconds).toBeGreaterThan(functionOf('process-upload').Timeout)
  })
})

describe('buckets', () => {
  /** Strict: no rule may make something expire, or go elsewhere, in a way that nobody looks at here. */
  const ruleSchema = z.strictObject({
    Id: z.string(),
    Status: z.literal('Enabled'),
    Prefix: z.string().default(''),
    ExpirationInDays: z.coerce.number().optional(),
    NoncurrentVersionExpiration: z.object({ NoncurrentDays: z.coerce.number() }).optional(),
    ExpiredObjectDeleteMarker: z.boolean().optional(),
    AbortIncompleteMultipartUpload: z.object({ DaysAfterInitiation: z.coerce.number() }).optional(),
  })
  const bucketSchema = z.object({
    BucketName: z.string(),
    LifecycleConfiguration: z.object({ Rules: z.array(ruleSchema) }),
    NotificationConfiguration: z
      .object({
        QueueConfigurations: z.array(
          z.object({
            Event: z.string(),
            Filter: z.object({ S3Key: z.object({ Rules: z.array(z.object({ Name: z.string(), Value: z.string() })) }) }),
          }),
        ),
      })
      .optional(),
  })

  function bucketOf(variable: string) {
    const name = functionOf('api').Environment.Variables[variable]
    const found = template.resourcesOf('AWS::S3::Bucket').find(({ properties }) => properties['BucketName'] === name)
    return bucketSchema.parse(found?.properties)
  }

  const owner = ownerSchema.parse('A')
  const contentHash = contentHashSchema.parse('a'.repeat(64))

  test('are called as the embedded ones, with where they stand', () => {
    const where = `prod-${placement.accountId}-${placement.region}`
    expect(bucketOf('PHOTOS_UPLOAD_BUCKET').BucketName).toBe(`${uploadBucket}-${where}`)
    expect(bucketOf('PHOTOS_STORAGE_BUCKET').BucketName).toBe(`${storageBucket}-${where}`)
  })

  test('what was uploaded and not processed expires everywhere after the same time', () => {
    const { Rules } = bucketOf('PHOTOS_UPLOAD_BUCKET').LifecycleConfiguration
    expect(Rules.map(({ Prefix, ExpirationInDays }) => ({ Prefix, ExpirationInDays }))).toEqual([
      { Prefix: '', ExpirationInDays: uploadExpiryDays },
    ])
    expect(Rules[0]?.AbortIncompleteMultipartUpload).toEqual({ DaysAfterInitiation: unfinishedUploadExpiryDays })
  })

  test('of what is stored nothing expires but probes', () => {
    const { Rules } = bucketOf('PHOTOS_STORAGE_BUCKET').LifecycleConfiguration
    const expiring = Rules.filter(
      (rule) =>
        rule.ExpirationInDays !== undefined ||
        rule.NoncurrentVersionExpiration !== undefined ||
        rule.ExpiredObjectDeleteMarker !== undefined,
    )
    expect([...new Set(expiring.map(({ Prefix }) => Prefix))]).toEqual([probePrefix])
    expect(probeKey(owner, contentHash, 'image/png').startsWith(probePrefix)).toBe(true)
    const kept = [
      originalKey(owner, contentHash, 'image/jpeg'),
      renditionKey(owner, contentHash, 'view'),
      locationJournalKey(owner, 'id'),
    ]
    expect(kept.filter((key) => key.startsWith(probePrefix))).toEqual([])
  })

  test('S3 announces every upload, of probes and of what asks for a verification, too', () => {
    const [queue, ...others] = bucketOf('PHOTOS_UPLOAD_BUCKET').NotificationConfiguration?.QueueConfigurations ?? []
    const prefix = queue?.Filter.S3Key.Rules.find(({ Name }) => Name.toLowerCase() === 'prefix')?.Value ?? 'none'
    expect(others).toEqual([])
    expect(queue?.Event).toBe('s3:ObjectCreated:*')
    expect(uploadKey(owner, contentHash).startsWith(prefix)).toBe(true)
    expect(probeUploadKey(owner, contentHash).startsWith(prefix)).toBe(true)
    expect(verificationKey(owner, randomUUID(), contentHash).startsWith(prefix)).toBe(true)
  })
})

describe('sign-in', () => {
  const clientSchema = z.object({
    CallbackURLs: z.array(z.string()),
    AllowedOAuthScopes: z.array(z.string()),
    AccessTokenValidity: z.int(),
    IdTokenValidity: z.int(),
    RefreshTokenValidity: z.int(),
    TokenValidityUnits: z.object({ AccessToken: z.string(), IdToken: z.string(), RefreshToken: z.string() }),
    RefreshTokenRotation: z.object({ Feature: z.string(), RetryGracePeriodSeconds: z.int() }),
  })
  const seconds: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 }

  const client = () => {
    const [found] = template.resourcesOf('AWS::Cognito::UserPoolClient')
    return clientSchema.parse(found?.properties)
  }

  test('tokens and sessions last as long as with the embedded user pool', () => {
    const { TokenValidityUnits: units, RefreshTokenRotation, ...validity } = client()
    const lifeOf = (amount: number, unit: string) => amount * (seconds[unit] ?? Number.NaN)
    expect(lifeOf(validity.AccessTokenValidity, units.AccessToken)).toBe(tokenSeconds)
    expect(lifeOf(validity.IdTokenValidity, units.IdToken)).toBe(tokenSeconds)
    expect(lifeOf(validity.RefreshTokenValidity, units.RefreshToken)).toBe(refreshTokenDays * 86_400)
    expect(RefreshTokenRotation).toEqual({ Feature: 'ENABLED', RetryGracePeriodSeconds: refreshGraceSeconds })
  })

  test('a browser is sent back to the API’s own page, and to the ports of this machine that the CLI listens at', () => {
    const [page, ...loopback] = client().CallbackURLs
    expect(new URL(page ?? '').pathname).toBe('/device/callback')
    expect(loopback).toEqual(loopbackRedirectUris)
  })

  test('tokens carry the scope that the routes ask for, and none that could change the account', () => {
    expect(client().AllowedOAuthScopes.toSorted()).toEqual(['email', 'openid', accessScope].toSorted())
    const [server] = template.resourcesOf('AWS::Cognito::UserPoolResourceServer')
    const { Identifier, Scopes } = z
      .object({ Identifier: z.string(), Scopes: z.array(z.object({ ScopeName: z.string() })) })
      .parse(server?.properties)
    expect(Scopes.map(({ ScopeName }) => `${Identifier}/${ScopeName}`)).toEqual([accessScope])
  })
})

describe('permissions', () => {
  const owner = ownerSchema.parse('A')
  const hash = contentHashSchema.parse('a'.repeat(64))
  const other = ownerSchema.parse('B')
  const original = originalKey(owner, hash, 'image/jpeg')
  const decide = async (who: string, action: string, where: string) => {
    const { requestOf } = readNames(template, placement)
    const promise = { title: where, who, decision: 'allowed', action, where, how: '' } as const
    return await decideAccess(policiesOf(template), requestOf(promise))
  }

  test.each([
    ['process-upload', 's3:GetObject', `upload/${uploadKey(owner, hash)}`],
    ['process-upload', 's3:GetObject', `upload/${probeUploadKey(owner, hash)}`],
    ['process-upload', 's3:PutObject', `storage/${original}`],
    ['process-upload', 's3:PutObject', `storage/${renditionKey(owner, hash, 'view')}`],
    ['process-upload', 's3:PutObject', `storage/${probeKey(owner, hash, 'image/png')}`],
    ['process-upload', 's3:PutObject', `storage/${probeRenditionKey(owner, hash, 'view')}`],
    ['api', 's3:PutObject', `upload/${uploadKey(owner, hash)}`],
    ['api', 's3:PutObject', `upload/${probeUploadKey(owner, hash)}`],
    ['api', 's3:PutObject', `upload/${verificationKey(owner, randomUUID(), hash)}`],
    ['process-upload', 's3:GetObject', `upload/${verificationKey(owner, randomUUID(), hash)}`],
    ['process-upload', 's3:DeleteObject', `upload/${verificationKey(owner, randomUUID(), hash)}`],
    ['process-upload', 's3:GetObject', `storage/${original}`],
    ['api', 's3:GetObject', `storage/${original}`],
    ['api', 's3:GetObject', `storage/${renditionKey(owner, hash, 'view')}`],
    ['api', 's3:PutObject', `storage/${locationJournalKey(owner, 'id')}`],
    ['api', 's3:DeleteObject', `storage/${probeRenditionKey(owner, hash, 'view')}`],
    ['owner A', 's3:GetObject', `storage/${original}`],
    ['owner A', 's3:GetObject', `storage/${probeKey(owner, hash, 'image/png')}`],
  ])('%s may %s %s, the key that the code makes', async (who, action, where) => {
    expect(await decide(who, action, where)).toBe('allowed')
  })

  test('the embedded S3 decides about an owner’s credentials as IAM does', async () => {
    const actions = [
      ['s3:GetObject', 'read'],
      ['s3:PutObject', 'write'],
      ['s3:DeleteObject', 'delete'],
      ['s3:RestoreObject', 'restore'],
    ] as const
    const ofOwner = (one: Owner) => [
      `storage/${originalKey(one, hash, 'image/jpeg')}`,
      `storage/${renditionKey(one, hash, 'view')}`,
      `storage/${locationJournalKey(one, 'id')}`,
      `storage/${probeKey(one, hash, 'image/png')}`,
      `upload/${uploadKey(one, hash)}`,
      `upload/${probeUploadKey(one, hash)}`,
    ]
    const tricks = ['A..', 'AB', 'a', '', 'B/../A', '../originals/A'].map((name) => `storage/originals/${name}/HASH.jpg`)
    const places = [...ofOwner(owner), ...ofOwner(other), ...tricks, 'storage/originals/A']
    const embeddedBuckets: Readonly<Record<string, string>> = { storage: storageBucket, upload: uploadBucket }
    const credentials = { secretAccessKey: '', grants: usualGrants(storageBucket)(owner) }

    const differing: string[] = []
    for (const [action, embeddedAction] of actions) {
      for (const place of places) {
        const [bucket = '', ...path] = place.split('/')
        const embedded = isAllowed(credentials, embeddedAction, embeddedBuckets[bucket] ?? '', path.join('/'))
        if (embedded !== ((await decide('owner A', action, place)) === 'allowed')) differing.push(`${action} ${place}`)
      }
    }
    expect(differing).toEqual([])
  })
})
