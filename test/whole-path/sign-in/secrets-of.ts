import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formsOf } from './html-forms.ts'
import type { Exchange } from './recording-proxy.ts'

/** Shorter ones would be found by chance. */
const minimumLength = 16

const secretNames =
  /token$|secret$|^secretkey$|^accesskeyid$|^secretaccesskey$|^d$|^device_code$|^code$|^code_verifier$|^password|^hash$|^salt$/i

/** Every secret that passed over the wire: tokens, codes, credentials, cookies, signatures, form tokens and passwords. */
export function secretsOfExchange(exchange: Exchange): readonly string[] {
  const { requestHeaders, answerHeaders } = exchange
  const url = new URL(exchange.path, 'http://wire')
  const found = [
    ...secretsOfJson(exchange.requestBody),
    ...secretsOfJson(exchange.answerBody),
    ...secretsOfParameters(new URLSearchParams(isForm(exchange) ? exchange.requestBody : '')),
    ...secretsOfParameters(url.searchParams),
    ...[...`${exchange.path} ${exchange.answerBody}`.matchAll(/X-Amz-(?:Signature|Security-Token)=([^&"\s]+)/gi)].map(lastGroup),
    ...[...String(requestHeaders.authorization).matchAll(/(?:Bearer |Signature=)(\S+)/g)].map(lastGroup),
    ...[requestHeaders['x-amz-security-token']].flat().map(String),
    ...(requestHeaders.cookie ?? '').split('; ').map(valueOfCookie),
    ...(answerHeaders['set-cookie'] ?? []).map((line) => valueOfCookie(line.split(';')[0] ?? '')),
    ...secretsOfParameters(new URL(answerHeaders.location ?? '', url).searchParams),
    ...formsOf(exchange.answerBody, url.href).flatMap(({ fields, types }) =>
      Object.entries(fields).flatMap(([name, value]) => (types[name] === 'hidden' ? [value] : [])),
    ),
  ]
  return found.filter(({ length }) => length >= minimumLength)
}

/** What is secret in JSON, however deep. */
export function secretsOfJson(text: string): readonly string[] {
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, inside] of Object.entries(value)) {
      if (typeof inside === 'string' && secretNames.test(name)) found.push(inside)
      visit(inside)
    }
  }
  visit(parseJson(text))
  return found.filter(({ length }) => length >= minimumLength)
}

/** What is secret in the JSON files of a folder. */
export async function secretsOfFolder(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap(secretsOfJson)
}

function secretsOfParameters(parameters: URLSearchParams): readonly string[] {
  return [...parameters].flatMap(([name, value]) => (secretNames.test(name) ? [value] : []))
}

function isForm({ requestHeaders }: Exchange): boolean {
  return requestHeaders['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
}

function valueOfCookie(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1)
}

function lastGroup(match: RegExpMatchArray): string {
  return decodeURIComponent(match.at(-1) ?? '')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
