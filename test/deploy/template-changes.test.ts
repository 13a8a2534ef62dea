import { beforeAll, expect, test } from 'vitest'
import { type CloudFormationSchemas, loadCloudFormationSchemas } from './cloudformation-schemas.ts'
import { type PackagedTemplate, packagedTemplate } from './packaged-template.ts'
import { resolveTemplate } from './resolve-template.ts'

// Deploying again with other parameters. CloudFormation replaces what it cannot change: it makes the other one first, and that is
// refused where both have the same name.

const placement = { partition: 'aws', accountId: '111122223333', region: 'eu-west-1', stackName: 'photos-prod' }
const certificate = `arn:aws:acm:${placement.region}:${placement.accountId}:certificate/1`

/** Another value for every parameter. */
const chosen = {
  storageClass: 'DEEP_ARCHIVE',
  objectLockDays: '30',
  alarmEmail: 'ana@example.org',
  budgetUsd: '9',
  syncMissingDays: '3',
  googleClientId: '1.apps.googleusercontent.com',
  googleEmails: 'ana@example.org',
  domainName: 'photos.example.org',
  certificateArn: certificate,
  logRetentionDays: '90',
  signInDomainPrefix: 'photos-of-ana',
}

let before: PackagedTemplate
let after: PackagedTemplate
let schemas: CloudFormationSchemas

beforeAll(async () => {
  before = await packagedTemplate()
  after = await packagedTemplate(chosen)
  schemas = await loadCloudFormationSchemas()
}, 240_000)

/** Each resource with those of its properties that other parameters make others, as for somebody who has asked for everything before, too. */
function changedProperties() {
  const everything = { ...placement, conditions: Object.keys(before.Conditions) }
  const [one, other] = [before, after].map((template) => resolveTemplate(template, everything))
  return Object.entries(before.Resources).map(([logicalId, { Type }]) => {
    const [earlier = {}, later = {}] = [one, other].map((resolved) => resolved?.resource(logicalId).properties)
    const names = [...new Set([...Object.keys(earlier), ...Object.keys(later)])]
    const changed = names.filter((name) => JSON.stringify(earlier[name]) !== JSON.stringify(later[name]))
    return { logicalId, type: Type, changed, texts: [...namesIn(earlier)].filter((name) => [...namesIn(later)].includes(name)) }
  })
}

/** What a resource is called, wherever in it that stands. */
function* namesIn(value: unknown): Iterable<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && /^(\w+Name|Domain)$/.test(key)) yield inner
    else yield* namesIn(inner)
  }
}

test('every parameter is another one', () => {
  const parametersOf = ({ Outputs }: PackagedTemplate) => JSON.parse(String(Outputs['Parameters']?.Value))
  const defaults = parametersOf(before)
  expect(Object.keys(chosen).sort()).toEqual(Object.keys(defaults).sort())
  expect(parametersOf(after)).toEqual(chosen)
  for (const [name, value] of Object.entries(chosen)) expect(value, name).not.toBe(defaults[name])
})

test('the same resources are there', () => {
  expect(Object.keys(after.Resources)).toEqual(Object.keys(before.Resources))
})

test('nothing that keeps its name has to be made anew', () => {
  const changes = changedProperties()
  expect(changes.filter(({ changed }) => changed.length > 0).length).toBeGreaterThan(5)
  const refused = changes.flatMap(({ logicalId, type, changed, texts }) => {
    const replacing = changed.filter((name) => schemas.replacingOf(type).includes(name))
    return replacing.length > 0 && texts.length > 0 ? [`${logicalId} (${texts}): ${replacing}`] : []
  })
  expect(refused).toEqual([])
})

test('what is made anew is what cannot be otherwise', () => {
  const replaced = changedProperties().flatMap(({ logicalId, type, changed }) => {
    return changed.filter((name) => schemas.replacingOf(type).includes(name)).map((name) => `${logicalId}.${name}`)
  })
  // Of the sign-in page, docs/deploy.md says how (section 14): a pool has one at a time.
  expect(replaced).toEqual(['SignInDomain.Domain', 'ApiDomain.DomainName', 'Budget.NotificationsWithSubscribers'])
})
