import { beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { type PackagedTemplate, packagedTemplate } from './packaged-template.ts'
import { resolveTemplate } from './resolve-template.ts'

// What CloudFormation would say only when it is too late: in a real account.

let template: PackagedTemplate
let text: string

beforeAll(async () => {
  template = await packagedTemplate()
  text = JSON.stringify(template)
}, 240_000)

/** Every name that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`. */
function referencesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, argument]) => {
    if (key === 'Ref') return [z.string().parse(argument)]
    if (key === 'Fn::GetAtt')
      return [z.union([z.string(), z.array(z.string()).transform((parts) => parts[0] ?? '')]).parse(argument)]
    if (key === 'Fn::Sub')
      return [
        ...z
          .string()
          .parse(argument)
          .matchAll(/\$\{([^!}.]+)[^}]*\}/g),
      ].map(([, name = '']) => name)
    return referencesIn(argument)
  })
}

/** Which resources have to be there before each one. */
function dependencies(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(template.Resources).map(([name, { Properties, DependsOn }]) => {
      return [name, [...DependsOn, ...referencesIn(Properties).filter((reference) => !reference.startsWith('AWS::'))]]
    }),
  )
}

test('everything that is referred to is there', () => {
  const missing = [...dependencies()].flatMap(([name, before]) =>
    before.filter((other) => !(other in template.Resources)).map((other) => `${name} → ${other}`),
  )
  expect(missing).toEqual([])
  expect(
    referencesIn(Object.values(template.Outputs)).filter((name) => !name.startsWith('AWS::') && !(name in template.Resources)),
  ).toEqual([])
  const conditions = [...text.matchAll(/"Fn::If":\["([^"]+)"|"Condition":"([^"]+)"/g)].map(([, one, other]) => one ?? other ?? '')
  expect(conditions.filter((name) => !(name in template.Conditions))).toEqual([])
})

test('nothing waits for itself', () => {
  const waiting = new Map([...dependencies()].map(([name, before]) => [name, new Set(before)]))
  for (;;) {
    const ready = [...waiting].filter(([, before]) => before.size === 0).map(([name]) => name)
    if (ready.length === 0) break
    for (const name of ready) waiting.delete(name)
    for (const before of waiting.values()) for (const name of ready) before.delete(name)
  }
  expect(Object.fromEntries(waiting)).toEqual({})
})

test('what is always there waits for nothing that is not', () => {
  const only = (name: string) => template.Resources[name]?.Condition
  const unconditional = [...dependencies()].filter(([name]) => only(name) === undefined)
  // Within an `Fn::If` it may. cfn-lint calls a `DependsOn` of such a resource an error (E3005), whatever CloudFormation makes of it.
  const refused = unconditional.flatMap(([name]) => {
    const withoutChoices = JSON.parse(JSON.stringify(template.Resources[name]?.Properties), (key, value) =>
      key === 'Fn::If' ? null : value,
    )
    const before = [...(template.Resources[name]?.DependsOn ?? []), ...referencesIn(withoutChoices)]
    return before.filter((other) => only(other) !== undefined)
  })
  expect(refused).toEqual([])
})

const nameProperties = /^(Bucket|Table|Queue|Function|Role|Topic|Alarm|LogGroup|UserPool|IdentityPool|Budget)Name$/
/** Source: AWS CloudFormation and the services' quotas. */
const longest: Readonly<Record<string, number>> = { RoleName: 64, FunctionName: 64, BucketName: 63, QueueName: 80 }

test('no two have the same name, and the longest stage in the longest region still fits', () => {
  const stage = 'fifteen-letters'
  const longName = JSON.parse(
    text.replaceAll(/photos((?:-[a-z]+)*)-prod/g, `photos$1-${stage}`).replaceAll('/photos/prod/', `/photos/${stage}/`),
  )
  const placement = {
    partition: 'aws',
    accountId: '111122223333',
    region: 'ap-southeast-7',
    stackName: `photos-${stage}`,
    conditions: ['HasAlarmEmail'],
  }
  const resolved = resolveTemplate(longName, placement)
  const names = Object.entries(template.Resources).flatMap(([logicalId, { Type }]) => {
    const named = Object.entries(resolved.resource(logicalId).properties).filter(
      ([key]) => nameProperties.test(key) && key in (template.Resources[logicalId]?.Properties ?? {}),
    )
    return named
      .filter(([key]) => !(key === 'FunctionName' && Type !== 'AWS::Lambda::Function'))
      .map(([key, name]) => [key, `${Type} ${name}`, String(name)] as const)
  })
  expect(names.length).toBeGreaterThan(30)
  expect(names.map(([, identity]) => identity).filter((identity, index, all) => all.indexOf(identity) !== index)).toEqual([])
  for (const [key, , name] of names) expect(name.length, name).toBeLessThanOrEqual(longest[key] ?? 255)
})

test('it is within what CloudFormation and Lambda take', () => {
  expect(text.length).toBeLessThan(1_000_000)
  expect(Object.keys(template.Resources).length).toBeLessThan(500)
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === 'AWS::Lambda::Function') expect(JSON.stringify(Properties['Environment']).length).toBeLessThan(4096)
  }
})
