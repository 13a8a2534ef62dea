import { createRequire } from 'node:module'
import { UsageFailure } from './deploy-failure.js'

/** @type {typeof import('../../deploy/parameters.cjs')} */
const { parameters, defaults } = createRequire(import.meta.url)('../../deploy/parameters.cjs')

/** @typedef {Readonly<Record<string, string>>} Settings a value for every parameter of deploy/parameters.cjs */

/**
 * What to deploy with: what is typed now, else what the stack was deployed with, else the default. Thus an upgrade resets
 * nothing that was once chosen; `--param alarmEmail=` goes back to the default. Throws a `UsageFailure` for values that cannot be.
 * @param {Readonly<Record<string, string>>} typed
 * @param {Readonly<Record<string, string>>} deployed
 * @param {string} region
 * @returns {Settings}
 */
export function settingsOf(typed, deployed, region) {
  for (const [name, value] of Object.entries(typed)) requireFit(name, value)
  const names = Object.keys(parameters)
  const settings = Object.fromEntries(
    names.map((name) => [name, typed[name] === undefined ? (deployed[name] ?? defaultOf(name)) : typed[name] || defaultOf(name)]),
  )
  requirePairs(settings)
  requireCertificate(settings, region)
  return settings
}

/** Those that differ from their defaults. @param {Settings} settings @returns {readonly [string, string][]} */
export function chosen(settings) {
  return Object.entries(settings).filter(([name, value]) => value !== defaultOf(name))
}

/** One line each, for `--help`. */
export function explainParameters() {
  return Object.entries(parameters).map(([name, { says, ...parameter }]) => {
    const preset = parameter.default === '' ? 'none' : parameter.default
    return `  ${name.padEnd(18)} ${says} (default: ${preset})`
  })
}

/** @param {string} name */
export function defaultOf(name) {
  return defaults[name] ?? ''
}

/** @param {string} name @param {string} value */
function requireFit(name, value) {
  const parameter = Object.entries(parameters).find(([known]) => known === name)?.[1]
  if (parameter === undefined) {
    throw new UsageFailure(`there is no parameter ${name}`, `There are ${Object.keys(parameters).join(', ')}.`)
  }
  if (value === '' || value === parameter.default || parameter.pattern.test(value)) return
  throw new UsageFailure(`${name} cannot be ${value}`, `It looks like this: ${parameter.looksLike}`)
}

/** What is of no use without the other, and where docs/deploy.md says so. */
const pairs = /** @type {const} */ ([
  ['domainName', 'certificateArn', 'A name of your own'],
  ['googleClientId', 'googleEmails', 'Google sign-in'],
])

/** @param {Settings} settings */
function requirePairs(settings) {
  for (const [one, other, section] of pairs) {
    const [given, missing] = settings[one] ? [one, other] : [other, one]
    if (!settings[given] || settings[missing]) continue
    throw new UsageFailure(`${given} needs ${missing}`, `Give both, with --param for each (docs/deploy.md, “${section}”).`)
  }
}

/** API Gateway takes a certificate of its own region only. @param {Settings} settings @param {string} region */
function requireCertificate({ domainName, certificateArn }, region) {
  const certificateRegion = certificateArn?.split(':')[3]
  if (!certificateRegion || certificateRegion === region) return
  throw new UsageFailure(
    `the certificate is in ${certificateRegion}, but ${domainName} is deployed to ${region}: API Gateway takes only certificates of its own region`,
    `Ask for one in ${region}: https://${region}.console.aws.amazon.com/acm/home?region=${region}#/certificates/request`,
  )
}
