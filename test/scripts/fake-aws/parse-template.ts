import * as z from 'zod'
import { holds, withoutConditions } from '../../../scripts/deploy/template-conditions.js'
import type { TemplateState } from './account-state.ts'
import { AwsRefusal } from './aws-answer.ts'

const conditionSchema = z.string().optional()
const templateSchema = z.object({
  Conditions: z.record(z.string(), z.unknown()).optional(),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: conditionSchema,
      DeletionPolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown(), Condition: conditionSchema })).optional(),
})
const decidedSchema = templateSchema.omit({ Conditions: true })

/** What a template comes to, without what its conditions leave out. Refused where it leads to resources that are not in it. */
export function parseTemplate(text: string): TemplateState {
  const template = decided(templateSchema.parse(JSON.parse(text)))
  for (const id of referencesIn([template.Resources, template.Outputs])) {
    if (template.Resources[id] !== undefined) continue
    throw new AwsRefusal(
      'ValidationError',
      `Template format error: Unresolved resource dependencies [${id}] in the Resources block`,
    )
  }
  return template
}

function decided({ Conditions = {}, Resources, Outputs = {} }: z.infer<typeof templateSchema>): TemplateState {
  const isThere = ([, { Condition }]: readonly [string, { readonly Condition?: string | undefined }]): boolean =>
    Condition === undefined || holds(Conditions[Condition])
  const template = {
    Resources: Object.fromEntries(Object.entries(Resources).filter(isThere)),
    Outputs: Object.fromEntries(Object.entries(Outputs).filter(isThere)),
  }
  return decidedSchema.parse(withoutConditions(template, Conditions))
}

/** Logical ids that a template's values lead to. */
function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref' && typeof inner === 'string') return inner.startsWith('AWS::') ? [] : [inner]
    if (key === 'Fn::GetAtt' && Array.isArray(inner)) return [String(inner[0])]
    if (key === 'Fn::Sub' && typeof inner === 'string')
      return [...inner.matchAll(/\$\{(\w+)[.}]/g)].flatMap(([, name = '']) => name)
    return referencesIn(inner)
  })
}
