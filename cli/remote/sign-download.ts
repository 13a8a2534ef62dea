import type { SignatureV4 } from '@smithy/signature-v4'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { objectUrl } from './object-url.ts'
import type { CallOptions } from './remote.ts'
import type { S3Refusal } from './s3-refusal.ts'
import type { ServerClock } from './server-clock.ts'
import { Sha256 } from './sha256.ts'
import type { ObtainCredentials, TemporaryCredentials } from './temporary-credentials.ts'
import type { HttpRequest } from './transport.ts'

/**
 * Signs the request of one attempt at a download. Told how the storage refused the attempt before, it first sees to that:
 * by other credentials, or by the storage's own time. Throws as {@link ObtainCredentials} does.
 */
export type SignDownload = (refusal?: S3Refusal) => Promise<HttpRequest>

export interface DownloadSignerOptions {
  readonly configuration: Pick<RemoteConfiguration, 'endpoints' | 'region' | 'storageBucket'>
  readonly credentials: ObtainCredentials
  readonly serverClock: ServerClock
}

/** Refusals of the credentials, not of the one request. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const credentialRefusals = new Set(['ExpiredToken', 'InvalidAccessKeyId', 'InvalidToken', 'TokenRefreshRequired'])

/**
 * A signer of downloads, by object key. The signature (Signature Version 4) lies in headers, so that no URL is worth
 * anything; a range may be asked for beside it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function createDownloadSigner(options: DownloadSignerOptions): (key: string, call?: CallOptions) => SignDownload {
  const { configuration, credentials, serverClock } = options
  const sign = createSigner(configuration.region)
  return (key, { signal } = {}) => {
    const url = objectUrl(configuration.endpoints.s3, configuration.storageBucket, key)
    let used: TemporaryCredentials | undefined
    return async (refusal) => {
      serverClock.learn(refusal?.date)
      const refused = refusal && credentialRefusals.has(refusal.code) ? used?.accessKeyId : undefined
      used = await credentials({ refused, signal })
      return await sign(url, used, serverClock.now())
    }
  }
}

function createSigner(region: string): (url: URL, credentials: TemporaryCredentials, now: Date) => Promise<HttpRequest> {
  let signer: { readonly credentials: TemporaryCredentials; readonly signature: SignatureV4 } | undefined
  return async (url, credentials, now) => {
    const { SignatureV4 } = await import('@smithy/signature-v4')
    if (signer?.credentials !== credentials) {
      const rules = { service: 's3', uriEscapePath: false, applyChecksum: false }
      signer = { credentials, signature: new SignatureV4({ ...rules, region, credentials, sha256: Sha256 }) }
    }
    const unsigned = {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    }
    const { method, headers } = await signer.signature.sign(unsigned, { signingDate: now })
    return { method, url: url.href, headers }
  }
}
