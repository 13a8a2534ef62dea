import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { defaultStage } from './commands.js'
import { UsageFailure } from './deploy-failure.js'
import { requireFit, unprintable } from './settings.js'

/** @type {typeof import('../../deploy/template-values.cjs')} */
const { stagePattern } = createRequire(import.meta.url)('../../deploy/template-values.cjs')

/**
 * @typedef {object} CommandLine
 * @property {'deploy' | 'deploy:remove'} script
 * @property {string} stage
 * @property {string | undefined} region where it is given
 * @property {string | undefined} profile of `~/.aws`
 * @property {boolean} yes nothing is to be asked
 * @property {boolean} help
 * @property {string | undefined} user email of a person who is to have an account
 * @property {Readonly<Record<string, string>>} parameters as typed: `--param storageClass=GLACIER_IR`
 * @property {boolean} continueRollback
 */

const shared = /** @type {const} */ ({
  stage: { type: 'string', default: defaultStage },
  region: { type: 'string' },
  profile: { type: 'string' },
  yes: { type: 'boolean', short: 'y', default: false },
  help: { type: 'boolean', short: 'h', default: false },
})

const ofDeploying = /** @type {const} */ ({
  ...shared,
  user: { type: 'string' },
  param: { type: 'string', multiple: true },
  'continue-rollback': { type: 'boolean', default: false },
})

/** `npm run deploy -- …`. @param {readonly string[]} words @returns {CommandLine} */
export function parseDeploy(words) {
  const values = parsed(words, () => parseArgs({ args: [...words], options: ofDeploying }).values)
  const user = values.user === undefined ? undefined : parseEmail(values.user)
  const parameters = parsePairs(values.param ?? [])
  for (const [name, value] of Object.entries(parameters)) requireFit(name, value)
  return { script: 'deploy', ...common(values), user, parameters, continueRollback: values['continue-rollback'] }
}

/** `npm run deploy:remove -- …`. @param {readonly string[]} words @returns {CommandLine} */
export function parseRemove(words) {
  const values = parsed(words, () => parseArgs({ args: [...words], options: shared }).values)
  return { script: 'deploy:remove', ...common(values), user: undefined, parameters: {}, continueRollback: false }
}

/** @param {{ stage: string, region?: string | undefined, profile?: string | undefined, yes: boolean, help: boolean }} values */
function common({ stage, region, profile, yes, help }) {
  if (!stagePattern.test(stage)) {
    const next = 'A stage has at most 15 small letters, digits and hyphens, without aws, amazon or cognito in it: --stage prod'
    throw new UsageFailure(`${stage} is no stage`, next)
  }
  if (region !== undefined) parseRegion(region)
  return { stage, region, profile, yes, help }
}

/** @param {string} region */
export function parseRegion(region) {
  if (/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(region)) return region
  throw new UsageFailure(`${region} is no region of AWS`, 'one is called like eu-central-1 or us-east-1: --region eu-central-1')
}

/** @param {string} email */
function parseEmail(email) {
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) && !unprintable.test(email)) return email
  throw new UsageFailure(`${email} is no email address`, 'one looks like this: --user you@example.com')
}

/** @param {readonly string[]} pairs */
function parsePairs(pairs) {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [whole, name, value] = /^(\w+)=(.*)$/.exec(pair) ?? []
      if (whole === undefined || name === undefined || value === undefined) {
        throw new UsageFailure(`--param ${pair} has no name and value`, 'type it like --param alarmEmail=you@example.com')
      }
      return [name, value]
    }),
  )
}

/**
 * @template Values
 * @param {readonly string[]} words
 * @param {() => Values} parse
 * @returns {Values}
 */
function parsed(words, parse) {
  try {
    return parse()
  } catch (cause) {
    const swallowed = words.length === 0 ? '' : ' (everything that is meant for it comes after a `--`)'
    const message = cause instanceof Error ? cause.message.split('. ')[0] : String(cause)
    throw new UsageFailure(`${message}`, ({ help }) => `see ${help()}${swallowed}`, cause)
  }
}
