import { createRequire } from 'node:module'
import { UsageFailure } from './deploy-failure.js'

/** @type {typeof import('../../deploy/parameters.cjs')} */
const { parameters, pairs, defaults } = createRequire(import.meta.url)('../../deploy/parameters.cjs')

/** @typedef {Readonly<Record<string, string>>} Settings a value for every parameter of deploy/parameters.cjs */

/**
 * What to deploy with: what is typed now, else what the stack was deployed with, else the default. Thus an upgrade resets
 * nothing that was once chosen; `--param alarmEmail=` goes back to the default. Throws a `UsageFailure` for what cannot be together.
 * @param {Readonly<Record<string, string>>} typed
 * @param {Readonly<Record<string, string>>} deployed
 * @param {string} region
 * @returns {Settings}
 */
export function settingsOf(typed, deployed, region) {
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

export const parameterNames = Object.freeze(Object.keys(parameters))

/** What would command a terminal rather than be read. */
export const unprintable = /\p{C}/u

/** Whether a parameter can be that; the empty value goes back to the default. @param {string} name @param {string} value */
export function isFit(name, value) {
  const parameter = Object.entries(parameters).find(([known]) => known === name)?.[1]
  if (parameter === undefined || unprintable.test(value)) return false
  return value === '' || value === parameter.default || parameter.pattern.test(value)
}

/** Throws a `UsageFailure` for a parameter that is not there, or cannot be that. @param {string} name @param {string} value */
export function requireFit(name, value) {
  const parameter = Object.entries(parameters).find(([known]) => known === name)?.[1]
  if (parameter === undefined) throw new UsageFailure(`there is no parameter ${name}`, suggestionFor(name))
  if (isFit(name, value)) return
  throw new UsageFailure(`${name} cannot be ${value}`, `It looks like this: ${parameter.looksLike}`)
}

/** @param {string} mistyped */
function suggestionFor(mistyped) {
  const names = Object.keys(parameters)
  const [nearest] = names
    .map((name) => ({ name, edits: editsBetween(name.toLowerCase(), mistyped.toLowerCase()) }))
    .sort((one, other) => one.edits - other.edits)
  const meant = nearest !== undefined && nearest.edits <= 3 ? `Is ${nearest.name} meant? ` : ''
  return `${meant}There are ${names.join(', ')}.`
}

/** How many letters to add, take away or change (Levenshtein's distance). @param {string} one @param {string} other */
function editsBetween(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (const [column, otherLetter] of [...other].entries()) {
      const changed = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1)
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

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
    `the certificate is in ${certificateRegion}, but ${domainName} is deployed to ${region}: ` +
      'API Gateway takes only certificates of its own region',
    `Ask for one in ${region}: https://${region}.console.aws.amazon.com/acm/home?region=${region}#/certificates/request`,
  )
}
