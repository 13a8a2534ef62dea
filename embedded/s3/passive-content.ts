import { validateHeaderValue } from 'node:http'
import type { Call } from './call.ts'
import { S3Error } from './s3-error.ts'

/**
 * On every answer. This S3 has the origin of the pages on which people sign in, and what it holds was made by others: nothing
 * of it may run there, be taken for something else than it says, or be shown by pages of other sites.
 */
export const passiveHeaders = {
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const

const overridePrefix = 'response-'

/**
 * `response-content-disposition` and its like, which S3 takes in a signed query. Throws S3Error AccessDenied for temporary
 * credentials: they read photos, and everyone who has an account can get some. InvalidArgument for what no header can hold.
 */
export function parseOverrides(call: Call): Readonly<Record<string, string>> {
  const parameters = [...call.request.query].filter(([name]) => name.startsWith(overridePrefix))
  if (parameters.length > 0 && call.authorization.credentials.sessionToken !== undefined) {
    throw new S3Error('AccessDenied', 'Temporary credentials do not change the headers of an answer here.')
  }
  for (const [name, value] of parameters) requireHeaderValue(name, value)
  return Object.fromEntries(parameters.map(([name, value]) => [name.slice(overridePrefix.length), value]))
}

/** Throws S3Error InvalidArgument for a parameter of the query that is to become a header and cannot be one. */
export function requireHeaderValue(name: string, value: string): void {
  try {
    validateHeaderValue(name, value)
  } catch (cause) {
    throw new S3Error('InvalidArgument', `The value of ${name} cannot be a header.`, { cause })
  }
}

/** Pictures and videos of which no part is a script; an SVG has them. */
const passiveType = /^(?:image|video)\/(?![\w.+-]*xml)(?!svg)[\w.+-]+$/i

/** What is no picture and no video is saved, and not shown, whatever else it says. */
export function withDisposition(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isPassive = passiveType.test(headers['content-type'] ?? '')
  const isSaved = /^attachment *(;|$)/i.test(headers['content-disposition'] ?? '')
  return isPassive || isSaved ? headers : { ...headers, 'content-disposition': 'attachment' }
}
