import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import * as z from 'zod'
import { whileDoing } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'
import { isFit, parameterNames } from './settings.js'

/**
 * What was chosen before.
 * @typedef {object} Remembered
 * @property {Readonly<Record<string, string>>} parameters only those that can be deployed with
 * @property {readonly string[]} unreadable names of those that are there, and cannot
 */

const parametersSchema = z.record(z.string(), z.string())

/** @param {string} text JSON, as deploy/template-values.cjs makes it; anything else leaves every parameter unreadable @returns {Remembered} */
export function parseRemembered(text) {
  const parsed = parametersSchema.safeParse(jsonOf(text))
  if (!parsed.success) return { parameters: {}, unreadable: parameterNames }
  // An older or a newer version may have known others.
  const known = Object.entries(parsed.data).filter(([name]) => parameterNames.includes(name))
  return {
    parameters: Object.fromEntries(known.filter(([name, value]) => isFit(name, value))),
    unreadable: known.filter(([name, value]) => !isFit(name, value)).map(([name]) => name),
  }
}

/** @param {string} text @returns {unknown} */
function jsonOf(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * What a stage was deployed with: its stack says it, and where that is gone or never came to its end, the parameter store, which
 * outlives it. Undefined where neither does.
 * @param {import('./aws-account.js').Account} account
 * @param {import('./names.js').Names} names
 * @param {import('./stack.js').Stack | undefined} stack
 * @returns {Promise<Remembered | undefined>}
 */
export async function findRemembered({ client }, { chosenParameter: Name }, stack) {
  const said = stack?.outputs['Parameters']
  if (said !== undefined) return parseRemembered(said)
  const ssm = new SSMClient(client)
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }))
    return parseRemembered(Parameter?.Value ?? '')
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterNotFound') return undefined
    return whileDoing('read the parameter store (SSM)', () => Promise.reject(error))
  } finally {
    ssm.destroy()
  }
}

/**
 * Has the parameter store remember what is deployed: there is no secret among it.
 * @param {import('./aws-account.js').Account} account
 * @param {import('./names.js').Names} names
 * @param {Readonly<Record<string, string>>} parameters
 */
export async function remember({ client }, { chosenParameter: Name }, parameters) {
  const ssm = new SSMClient(client)
  const Description = 'What photos was deployed with; the next deployment goes on with it'
  // Free up to 4 kB, which a hundred addresses need; what is longer is taken, too.
  const kind = /** @type {const} */ ({ Type: 'String', Tier: 'Intelligent-Tiering', Overwrite: true })
  try {
    await whileDoing('write to the parameter store (SSM)', () =>
      ssm.send(new PutParameterCommand({ Name, Value: JSON.stringify(parameters), Description, ...kind })),
    )
  } finally {
    ssm.destroy()
  }
}

/**
 * Once there is nothing left that could be deployed again.
 * @param {import('./aws-account.js').Account} account
 * @param {import('./names.js').Names} names
 */
export async function forget({ client }, { chosenParameter: Name }) {
  const ssm = new SSMClient(client)
  try {
    await ssm.send(new DeleteParameterCommand({ Name }))
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ParameterNotFound')) throw error
  } finally {
    ssm.destroy()
  }
}

/**
 * Throws a `DeployFailure` for what was chosen once and cannot be read any more, unless it is chosen now: the default in its place could
 * end a lock or an alarm that nobody meant to end.
 * @param {Remembered | undefined} remembered
 * @param {Readonly<Record<string, string>>} typed
 */
export function requireReadable(remembered, typed) {
  const open = (remembered?.unreadable ?? []).filter((name) => typed[name] === undefined)
  if (open.length === 0) return
  // What stands there is not shown: it could be anything.
  throw new DeployFailure(`what was deployed with cannot be read any more: ${open.join(', ')}`, ({ again }) => {
    const parameters = Object.fromEntries(open.map((name) => [name, '']))
    return `Choose anew; an empty value is the default. For instance: ${again({ parameters })}`
  })
}
