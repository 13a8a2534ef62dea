import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3-error.ts'

/** A request in path style, taken apart but not yet trusted. */
export interface S3Request {
  readonly method: string
  /** Empty for the service itself. */
  readonly bucket: string
  /** Empty for the bucket itself. */
  readonly key: string
  /** The path as a signature sees it: decoded, and encoded again S3's way. */
  readonly canonicalPath: string
  /** Decoded; a name stands once. */
  readonly query: ReadonlyMap<string, string>
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly incoming: IncomingMessage
}

const maximumKeyBytes = 1024

/** Throws S3Error InvalidURI, InvalidArgument or KeyTooLongError. */
export function parseS3Request(incoming: IncomingMessage): S3Request {
  const url = incoming.url ?? '/'
  const question = url.indexOf('?')
  const path = decode(question < 0 ? url : url.slice(0, question))
  const [, bucket = '', ...segments] = path.split('/')
  const key = segments.join('/')
  if (!path.startsWith('/') || path.includes('\0')) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.")
  if (Buffer.byteLength(key) > maximumKeyBytes) throw new S3Error('KeyTooLongError', 'Your key is too long')
  return {
    method: incoming.method ?? 'GET',
    bucket,
    key,
    canonicalPath: path.split('/').map(encodeUriComponent).join('/'),
    query: parseQuery(question < 0 ? '' : url.slice(question + 1)),
    headers: parseHeaders(incoming),
    incoming,
  }
}

/** RFC 3986's unreserved characters stay, every other byte is `%XX`: what S3 calls UriEncode. */
export function encodeUriComponent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", { cause: error })
  }
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>()
  for (const parameter of text.split('&').filter((each) => each !== '')) {
    const equals = parameter.indexOf('=')
    const [name, value] = equals < 0 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)]
    const decodedName = decode(name)
    // A second value would be one that was signed and another that is obeyed.
    if (query.has(decodedName)) throw new S3Error('InvalidArgument', `The parameter ${decodedName} is there twice.`)
    query.set(decodedName, decode(value.replaceAll('+', ' ')))
  }
  return query
}

function parseHeaders(incoming: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(',') : value)
  }
  return headers
}
