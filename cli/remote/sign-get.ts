import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from './sha256.ts'
import type { TemporaryCredentials } from './temporary-credentials.ts'
import type { HttpRequest } from './transport.ts'

/** Signs the GET of an object at an address, for the time given. */
export type SignGet = (url: URL, now: Date) => Promise<HttpRequest>

/**
 * A signer with Signature Version 4 in headers, so that no URL is worth anything; a range may be asked for beside it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function createGetSigner(region: string, credentials: TemporaryCredentials): SignGet {
  const rules = { service: 's3', uriEscapePath: false, applyChecksum: false }
  const signature = new SignatureV4({ ...rules, region, credentials, sha256: Sha256 })
  return async (url, now) => {
    const unsigned = {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    }
    const { method, headers } = await signature.sign(unsigned, { signingDate: now })
    return { method, url: url.href, headers }
  }
}
