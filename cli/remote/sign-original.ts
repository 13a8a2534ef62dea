import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { objectUrl } from './object-url.ts'
import type { ServerClock } from './server-clock.ts'
import type { SignS3, UnsignedRequest } from './sign-s3.ts'
import type { SignRequest } from './signed-attempts.ts'
import type { ObtainCredentials, TemporaryCredentials } from './temporary-credentials.ts'
import { restoreRequestBody, type ThawCall } from './thaw.ts'

export interface OriginalSignerOptions {
  readonly configuration: Pick<RemoteConfiguration, 'endpoints' | 'region' | 'storageBucket'>
  readonly credentials: ObtainCredentials
  /** Hears of the storage's time from whoever asks the storage. */
  readonly serverClock: Pick<ServerClock, 'now'>
}

/** Refusals of the credentials, not of the one request. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const credentialRefusals = new Set(['ExpiredToken', 'InvalidAccessKeyId', 'InvalidToken', 'TokenRefreshRequired'])

/** By object key. */
export interface OriginalSigner {
  signDownload(key: string, signal?: AbortSignal): SignRequest
  signThaw(key: string, call: ThawCall, signal?: AbortSignal): SignRequest
}

export function createOriginalSigner(options: OriginalSignerOptions): OriginalSigner {
  const { configuration, credentials, serverClock } = options
  const signerOf = createSigners(configuration.region)
  const urlOf = (key: string) => objectUrl(configuration.endpoints.s3, configuration.storageBucket, key)
  const signing = (unsigned: UnsignedRequest, signal: AbortSignal | undefined): SignRequest => {
    let used: TemporaryCredentials | undefined
    return async (refusal) => {
      const refused = refusal && credentialRefusals.has(refusal.code) ? used?.accessKeyId : undefined
      used = await credentials({ refused, signal })
      const sign = await signerOf(used)
      return await sign(unsigned, serverClock.now())
    }
  }
  return {
    signDownload: (key, signal) => signing({ method: 'GET', url: urlOf(key) }, signal),
    signThaw: (key, call, signal) => signing(thawRequest(call, urlOf(key)), signal),
  }
}

function thawRequest(call: ThawCall, url: URL): UnsignedRequest {
  if (call.kind === 'look') return { method: 'HEAD', url }
  return { method: 'POST', url: new URL('?restore', url), body: restoreRequestBody(call) }
}

/** One signer for as long as the credentials stay the same. */
function createSigners(region: string): (credentials: TemporaryCredentials) => Promise<SignS3> {
  let last: { readonly credentials: TemporaryCredentials; readonly sign: SignS3 } | undefined
  return async (credentials) => {
    if (last?.credentials === credentials) return last.sign
    const { createS3Signer } = await import('./sign-s3.ts') // only a run that downloads needs it
    last = { credentials, sign: createS3Signer(region, credentials) }
    return last.sign
  }
}
