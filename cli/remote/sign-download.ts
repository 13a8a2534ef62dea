import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { objectUrl } from './object-url.ts'
import type { S3Refusal } from './s3-refusal.ts'
import type { ServerClock } from './server-clock.ts'
import type { SignGet } from './sign-get.ts'
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

/** A signer of downloads, by object key. */
export function createDownloadSigner(options: DownloadSignerOptions): (key: string, signal?: AbortSignal) => SignDownload {
  const { configuration, credentials, serverClock } = options
  const signerOf = createSigners(configuration.region)
  return (key, signal) => {
    const url = objectUrl(configuration.endpoints.s3, configuration.storageBucket, key)
    let used: TemporaryCredentials | undefined
    return async (refusal) => {
      serverClock.learn(refusal?.date)
      const refused = refusal && credentialRefusals.has(refusal.code) ? used?.accessKeyId : undefined
      used = await credentials({ refused, signal })
      const sign = await signerOf(used)
      return await sign(url, serverClock.now())
    }
  }
}

/** One signer for as long as the credentials stay the same. */
function createSigners(region: string): (credentials: TemporaryCredentials) => Promise<SignGet> {
  let last: { readonly credentials: TemporaryCredentials; readonly sign: SignGet } | undefined
  return async (credentials) => {
    if (last?.credentials === credentials) return last.sign
    const { createGetSigner } = await import('./sign-get.ts') // only a run that downloads needs it
    last = { credentials, sign: createGetSigner(region, credentials) }
    return last.sign
  }
}
