import { SignatureV4 } from '@smithy/signature-v4'
import { isSame } from '../is-same.ts'
import type { Credentials, FindCredentials } from './credentials.ts'
import { NodeSha256 } from './node-sha256.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { parseSignature, type SignatureClaim } from './signature-claim.ts'

/** A request whose sender is known. */
export interface Authorization {
  readonly accessKeyId: string
  readonly credentials: Credentials
  /** `x-amz-content-sha256` as it was signed. */
  readonly payloadHash: string
  /** The signature that an aws-chunked body's first chunk builds on. */
  readonly seedSignature: string
  /** What a chunk's string to sign starts from: date and scope, a line each. */
  readonly scopeLines: string
  signString(text: string): Promise<string>
}

export interface VerifyOptions {
  readonly region: string
  readonly findCredentials: FindCredentials
  readonly now: () => Date
}

const unsignedPayload = 'UNSIGNED-PAYLOAD'
const maximumSkewMs = 15 * 60 * 1000

/**
 * Verifies Signature Version 4 in the `Authorization` header or in a presigned URL's parameters, by signing the request
 * again with the secret that belongs to its access key id. Throws S3Error for whatever S3 would refuse.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export async function verifySignature(request: S3Request, options: VerifyOptions): Promise<Authorization> {
  const claim = parseSignature(request)
  requireScope(claim, options.region)
  requireTime(claim, options.now())
  requireSignedHeaders(request, claim)
  const credentials = options.findCredentials(claim.accessKeyId, claim.sessionToken)
  if (credentials === undefined) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  const signer = new SignatureV4({
    service: 's3',
    region: options.region,
    credentials: { accessKeyId: claim.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
  if (!isSame(await expectedSignature(request, claim, signer), claim.signature)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    )
  }
  requireSession(claim, credentials, options.now())
  return {
    accessKeyId: claim.accessKeyId,
    credentials,
    payloadHash: request.headers.get('x-amz-content-sha256') ?? unsignedPayload,
    seedSignature: claim.signature,
    scopeLines: `${claim.longDate}\n${claim.shortDate}/${options.region}/s3/aws4_request`,
    signString: (text) => signer.sign(text, { signingDate: claim.signedAt }),
  }
}

/** With the right region in `Region`, as S3 tells it: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function requireScope(claim: SignatureClaim, region: string): void {
  if (claim.region !== region) {
    const what =
      claim.kind === 'header' ? 'The authorization header is malformed' : 'Error parsing the X-Amz-Credential parameter'
    const message = `${what}; the region '${claim.region}' is wrong; expecting '${region}'`
    throw new S3Error(malformed(claim), message, { details: { Region: region } })
  }
  if (claim.service !== 's3' || claim.terminator !== 'aws4_request' || claim.shortDate !== claim.longDate.slice(0, 8)) {
    throw new S3Error(malformed(claim), 'The credential scope is not of this date, of s3, or of aws4_request.')
  }
}

function malformed(claim: SignatureClaim) {
  return claim.kind === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError'
}

function requireTime(claim: SignatureClaim, now: Date): void {
  const ageMs = now.getTime() - claim.signedAt.getTime()
  if (claim.kind === 'header') {
    if (Math.abs(ageMs) <= maximumSkewMs) return
    throw new S3Error('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.')
  }
  if (ageMs < -maximumSkewMs) throw new S3Error('AccessDenied', 'Request is not yet valid')
  if (ageMs > claim.expiresSeconds * 1000) throw new S3Error('AccessDenied', 'Request has expired')
}

/** S3 takes no `x-amz-*` header that the signature does not cover: else whoever holds a URL could add to it. */
function requireSignedHeaders(request: S3Request, claim: SignatureClaim): void {
  const required = [...request.headers.keys()].filter((name) => name === 'host' || name.startsWith('x-amz-'))
  const unsigned = required.filter((name) => !claim.signedHeaders.has(name))
  if (unsigned.length > 0 || !claim.signedHeaders.has('host')) {
    throw new S3Error('AccessDenied', `There were headers present in the request which were not signed: ${unsigned.join(', ')}`)
  }
  if (claim.kind === 'header' && !request.headers.has('x-amz-content-sha256')) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
}

async function expectedSignature(request: S3Request, claim: SignatureClaim, signer: SignatureV4): Promise<string> {
  const headers = Object.fromEntries([...request.headers].filter(([name]) => claim.signedHeaders.has(name)))
  const query = Object.fromEntries([...request.query].filter(([name]) => !claim.queryParameters.has(name)))
  const again = { method: request.method, protocol: 'http:', hostname: '', path: request.canonicalPath, query, headers }
  if (claim.kind === 'header') {
    const signed = await signer.sign(again, { signingDate: claim.signedAt, signableHeaders: claim.signedHeaders })
    return /Signature=([0-9a-f]+)/.exec(signed.headers['authorization'] ?? '')?.[1] ?? ''
  }
  // A body that cannot be hashed makes the signer write UNSIGNED-PAYLOAD, unless a signed header says otherwise.
  const presigned = await signer.presign(
    { ...again, body: {} },
    {
      signingDate: claim.signedAt,
      expiresIn: claim.expiresSeconds,
      unhoistableHeaders: claim.signedHeaders,
      signableHeaders: claim.signedHeaders,
    },
  )
  return String(presigned.query?.['X-Amz-Signature'])
}

function requireSession(claim: SignatureClaim, credentials: Credentials, now: Date): void {
  if (!isSame(claim.sessionToken ?? '', credentials.sessionToken ?? '')) {
    throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.')
  }
  if (credentials.expiresAt !== undefined && credentials.expiresAt.getTime() <= now.getTime()) {
    throw new S3Error('ExpiredToken', 'The provided token has expired.')
  }
}
