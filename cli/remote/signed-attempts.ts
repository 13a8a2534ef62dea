import { RetryableError } from './retry.ts'
import { type S3Refusal, SignatureRefusedError } from './s3-refusal.ts'
import type { HttpRequest } from './transport.ts'

/**
 * Signs the request of one attempt at a download or a thaw, for the storage's own time as far as any answer has told it. Told how
 * the storage refused the attempt before, it gets other credentials where these were the matter. Throws as `ObtainCredentials` does.
 */
export type SignRequest = (refusal?: S3Refusal) => Promise<HttpRequest>

/** Signatures that are refused this often will never be taken. */
const mostSignatureRefusals = 3

/** An attempt that signs its request; when its signature is refused, the next attempt's signer hears why. */
export function signing<T>(
  sign: SignRequest,
  attempt: (request: HttpRequest, onLife: () => void) => Promise<T>,
): (onLife: () => void) => Promise<T> {
  let refusal: S3Refusal | undefined
  let refusals = 0
  return async (onLife) => {
    const request = await sign(refusal)
    refusal = undefined
    try {
      return await attempt(request, onLife)
    } catch (error) {
      if (!(error instanceof SignatureRefusedError) || refusals === mostSignatureRefusals) throw error
      refusals += 1
      refusal = error.refusal
      throw new RetryableError(error.message, { cause: error })
    }
  }
}
