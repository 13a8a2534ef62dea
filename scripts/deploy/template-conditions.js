import * as z from 'zod'

/** @typedef {Readonly<Record<string, unknown>>} Conditions those of a template, by their names */

const ifSchema = z.object({ 'Fn::If': z.tuple([z.string(), z.unknown(), z.unknown()]) })
const notSchema = z.object({ 'Fn::Not': z.tuple([z.unknown()]) })
const equalsSchema = z.object({ 'Fn::Equals': z.tuple([z.string(), z.string()]) })
const noValueSchema = z.object({ Ref: z.literal('AWS::NoValue') })

/**
 * Whether a condition of the template holds. Ours compare nothing but texts that are known when it is made.
 * @param {unknown} condition
 * @returns {boolean}
 */
export function holds(condition) {
  const not = notSchema.safeParse(condition)
  if (not.success) return !holds(not.data['Fn::Not'][0])
  const [left, right] = equalsSchema.parse(condition)['Fn::Equals']
  return left === right
}

/**
 * The value with each `Fn::If` replaced by what it comes to; undefined for `AWS::NoValue`, which is to be left out.
 * @param {unknown} value
 * @param {Conditions} conditions
 * @returns {unknown}
 */
export function withoutConditions(value, conditions) {
  if (noValueSchema.safeParse(value).success) return undefined
  const choice = ifSchema.safeParse(value)
  if (choice.success) {
    const [name, whenTrue, whenFalse] = choice.data['Fn::If']
    return withoutConditions(holds(conditions[name]) ? whenTrue : whenFalse, conditions)
  }
  if (Array.isArray(value)) return value.map((each) => withoutConditions(each, conditions)).filter((each) => each !== undefined)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutConditions(inner, conditions)])
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined))
}
