import { createHash } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from './sha256.ts'
import type { TemporaryCredentials } from './temporary-credentials.ts'
import type { HttpRequest } from './transport.ts'

export interface UnsignedRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  /** Sent as it stands. */
  readonly body?: string | undefined
}

/** Signs a request to S3, for the time given. */
export type SignS3 = (request: UnsignedRequest, now: Date) => Promise<HttpRequest>

/**
 * A signer with Signature Version 4 in headers, so that no URL is worth anything; a range may be asked for beside it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function createS3Signer(region: string, credentials: TemporaryCredentials): SignS3 {
  const rules = { service: 's3', uriEscapePath: false, applyChecksum: false }
  const signature = new SignatureV4({ ...rules, region, credentials, sha256: Sha256 })
  return async ({ method, url, body }, now) => {
    const unsigned = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...describeBody(body) },
    }
    const { headers } = await signature.sign(unsigned, { signingDate: now })
    return { method, url: url.href, headers, ...(body === undefined ? {} : { body }) }
  }
}

function describeBody(body: string | undefined): Record<string, string> {
  if (body === undefined) return { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const sha256 = createHash('sha256').update(body).digest('hex')
  return { 'content-length': String(Buffer.byteLength(body)), 'x-amz-content-sha256': sha256 }
}
