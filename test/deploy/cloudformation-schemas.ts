import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec'
import type { Property, PropertyType, SpecDatabase } from '@aws-cdk/service-spec-types'
import * as z from 'zod'
import type { Resource } from './resolve-template.ts'

/** CloudFormation's own descriptions of its resources, as AWS publishes them for the CDK. */
export interface CloudFormationSchemas {
  /** What CloudFormation does not know, lacks or cannot take in a resolved resource: `UserPool.Policies.Nonsense is unknown`. */
  problemsOf(type: string, resource: Resource): readonly string[]
  /** Which properties CloudFormation cannot change in a resource that is there, so that it makes another one and then deletes the first. */
  replacingOf(type: string): readonly string[]
}

export async function loadCloudFormationSchemas(): Promise<CloudFormationSchemas> {
  const database = await loadAwsServiceSpec()
  return {
    problemsOf(type, { logicalId, properties }) {
      const [schema] = database.lookup('resource', 'cloudFormationType', 'equals', type)
      if (schema === undefined) return [`${logicalId}: there is no type ${type}`]
      return [...problemsOfObject(logicalId, properties, schema.properties, database)]
    },
    replacingOf(type) {
      const { properties, additionalReplacementProperties = [] } = database
        .lookup('resource', 'cloudFormationType', 'equals', type)
        .only()
      const replacing = Object.entries(properties).filter(([, { causesReplacement = 'no' }]) => causesReplacement !== 'no')
      return [...replacing.map(([name]) => name), ...additionalReplacementProperties.flatMap(([name]) => name ?? [])]
    },
  }
}

function* problemsOfObject(
  at: string,
  value: object,
  schema: Readonly<Record<string, Property>>,
  database: SpecDatabase,
): Iterable<string> {
  for (const [name, { required }] of Object.entries(schema)) {
    if (required === true && !(name in value)) yield `${at}.${name} is missing`
  }
  for (const [name, part] of Object.entries(value)) {
    const property = schema[name]
    if (property === undefined) yield `${at}.${name} is unknown`
    else yield* problemsOfValue(`${at}.${name}`, part, property.type, database)
  }
}

function* problemsOfValue(at: string, value: unknown, type: PropertyType, database: SpecDatabase): Iterable<string> {
  switch (type.type) {
    case 'array':
    case 'map':
      return yield* problemsOfElements(at, value, type, database)
    case 'ref':
      if (!isObject(value)) return yield `${at} is no object`
      return yield* problemsOfObject(at, value, database.get('typeDefinition', type.reference.$ref).properties, database)
    case 'union': {
      const tried = type.types.map((one) => [...problemsOfValue(at, value, one, database)])
      return yield* tried.sort((one, other) => one.length - other.length)[0] ?? []
    }
    case 'tag':
      return yield* isObject(value) && 'Key' in value && 'Value' in value ? [] : [`${at} is no tag`]
    case 'json':
      return
    default:
      yield* problemsOfScalar(at, value, type)
  }
}

function* problemsOfElements(
  at: string,
  value: unknown,
  type: Extract<PropertyType, { element: unknown }>,
  database: SpecDatabase,
): Iterable<string> {
  if (type.type === 'array' ? !Array.isArray(value) : !isObject(value)) return yield `${at} is no ${type.type}`
  for (const [key, element] of Object.entries(z.looseObject({}).or(z.array(z.unknown())).parse(value))) {
    yield* problemsOfValue(`${at}.${key}`, element, type.element, database)
  }
}

/** CloudFormation reads numbers and yes or no from text, too. */
function* problemsOfScalar(at: string, value: unknown, type: PropertyType): Iterable<string> {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return yield `${at} is no ${type.type}`
  const text = String(value)
  if (type.type === 'boolean' && !/^(true|false)$/.test(text)) yield `${at} is no boolean: ${text}`
  if ((type.type === 'number' || type.type === 'integer') && !Number.isFinite(Number(text))) yield `${at} is no number: ${text}`
  if (type.type === 'string' && type.allowedValues !== undefined && !type.allowedValues.includes(text)) {
    yield `${at} cannot be ${text}: it is one of ${type.allowedValues.join(', ')}`
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
