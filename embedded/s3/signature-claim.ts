import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

/** What a request says about its own signature; nothing of it is verified yet. */
export interface SignatureClaim {
  readonly kind: 'header' | 'presigned'
  readonly accessKeyId: string
  readonly shortDate: string
  readonly longDate: string
  readonly signedAt: Date
  readonly region: string
  readonly service: string
  readonly terminator: string
  readonly signedHeaders: Set<string>
  readonly signature: string
  readonly sessionToken: string | undefined
  /** How long a presigned URL holds; 0 for a header. */
  readonly expiresSeconds: number
  /** The parameters of the query that carry the signature itself, and are added again when it is computed. */
  readonly queryParameters: ReadonlySet<string>
}

const algorithm = 'AWS4-HMAC-SHA256'
const maximumExpiresSeconds = 7 * 24 * 60 * 60
const signatureParameters = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
])

/** Throws S3Error AccessDenied for an anonymous request, InvalidRequest for one signed in another way. */
export function parseSignature(request: S3Request): SignatureClaim {
  const header = request.headers.get('authorization')
  const inQuery = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature')
  if (header !== undefined && inQuery) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed; the query and the Authorization header both have one.')
  }
  if (header !== undefined) return parseHeader(header, request)
  if (inQuery) return parsePresigned(request)
  throw new S3Error('AccessDenied', 'Access Denied')
}

function parseHeader(header: string, request: S3Request): SignatureClaim {
  if (!header.startsWith(`${algorithm} `)) throw unsupportedMechanism()
  const fields = new Map(
    header
      .slice(algorithm.length + 1)
      .split(',')
      .map((field) => field.trim().split('='))
      .map(([name = '', ...value]) => [name, value.join('=')] as const),
  )
  return {
    kind: 'header',
    ...parseFields('AuthorizationHeaderMalformed', {
      credential: fields.get('Credential'),
      signedHeaders: fields.get('SignedHeaders'),
      signature: fields.get('Signature'),
      longDate: request.headers.get('x-amz-date'),
    }),
    sessionToken: request.headers.get('x-amz-security-token'),
    expiresSeconds: 0,
    queryParameters: new Set(),
  }
}

function parsePresigned(request: S3Request): SignatureClaim {
  const { query } = request
  if (query.get('X-Amz-Algorithm') !== algorithm) throw unsupportedMechanism()
  const expires = query.get('X-Amz-Expires') ?? ''
  const expiresSeconds = Number(expires)
  if (!/^\d{1,7}$/.test(expires) || expiresSeconds < 1 || expiresSeconds > maximumExpiresSeconds) {
    throw new S3Error('AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 second and 7 days.')
  }
  if ((query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD') !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error('NotImplemented', "A presigned URL's payload hash is not implemented; sign a checksum header instead.")
  }
  return {
    kind: 'presigned',
    ...parseFields('AuthorizationQueryParametersError', {
      credential: query.get('X-Amz-Credential'),
      signedHeaders: query.get('X-Amz-SignedHeaders'),
      signature: query.get('X-Amz-Signature'),
      longDate: query.get('X-Amz-Date'),
    }),
    sessionToken: query.get('X-Amz-Security-Token'),
    expiresSeconds,
    queryParameters: signatureParameters,
  }
}

interface Fields {
  readonly credential: string | undefined
  readonly signedHeaders: string | undefined
  readonly signature: string | undefined
  readonly longDate: string | undefined
}

function parseFields(code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError', fields: Fields) {
  const { credential, signedHeaders, signature, longDate } = fields
  if (!credential || !signedHeaders || !signature || !longDate) throw new S3Error(code, 'A part of the signature is missing.')
  const scope = credential.split('/')
  const [terminator = '', service = '', region = '', shortDate = '', ...accessKeyId] = scope.reverse()
  return {
    accessKeyId: accessKeyId.reverse().join('/'),
    shortDate,
    longDate,
    signedAt: parseLongDate(longDate),
    region,
    service,
    terminator,
    signedHeaders: new Set(signedHeaders.split(';')),
    signature,
  }
}

function parseLongDate(longDate: string): Date {
  const iso = longDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const date = new Date(iso)
  if (iso === longDate || Number.isNaN(date.getTime())) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  }
  return date
}

function unsupportedMechanism(): S3Error {
  return new S3Error('InvalidRequest', `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`)
}
