import { beforeAll, describe, expect, test } from 'vitest'
import { type CloudFormationSchemas, loadCloudFormationSchemas } from './cloudformation-schemas.ts'
import { type PackagedTemplate, packagedTemplate } from './packaged-template.ts'
import { type Resource, resolveTemplate } from './resolve-template.ts'

let template: PackagedTemplate
let schemas: CloudFormationSchemas

beforeAll(async () => {
  template = await packagedTemplate()
  schemas = await loadCloudFormationSchemas()
}, 240_000)

/** Every resource of the template with its type, as made for those who asked for all there is, or for nothing beyond the defaults. */
function resourcesMade(conditions: readonly string[]): readonly (readonly [type: string, resource: Resource])[] {
  const placement = { partition: 'aws', accountId: '111122223333', region: 'eu-central-1', stackName: 'photos-prod' }
  const resolved = resolveTemplate(template, { ...placement, conditions })
  const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))]
  return types.flatMap((type) => resolved.resourcesOf(type).map((resource) => [type, resource] as const))
}

describe('CloudFormation knows every property, misses none, and can take every value', () => {
  test('with every parameter at its default', () => {
    expect(resourcesMade([]).flatMap(([type, resource]) => schemas.problemsOf(type, resource))).toEqual([])
  })

  test('with everything that a parameter can ask for', () => {
    const made = resourcesMade(Object.keys(template.Conditions))
    expect(made).toHaveLength(Object.keys(template.Resources).length)
    expect(made.flatMap(([type, resource]) => schemas.problemsOf(type, resource))).toEqual([])
  })
})

test.each([
  ['AWS::S3::Bucket', { Versioning: {} }, 'it.Versioning is unknown'],
  ['AWS::S3::Bucket', { LifecycleConfiguration: {} }, 'it.LifecycleConfiguration.Rules is missing'],
  [
    'AWS::S3::Bucket',
    { LifecycleConfiguration: { Rules: [{ Status: 'On' }] } },
    /it\.LifecycleConfiguration\.Rules\.0\.Status cannot be On/,
  ],
  ['AWS::S3::Bucket', { BucketName: ['a'] }, 'it.BucketName is no string'],
  ['AWS::SQS::Queue', { VisibilityTimeout: 'soon' }, 'it.VisibilityTimeout is no number: soon'],
  ['AWS::SQS::Cue', {}, 'it: there is no type AWS::SQS::Cue'],
] as const)('%s with %j is found out', (type, properties, problem) => {
  const [found = ''] = schemas.problemsOf(type, {
    logicalId: 'it',
    properties: JSON.parse(JSON.stringify(properties)),
    arn: undefined,
  })
  expect(found).toMatch(problem)
})
