import { randomUUID } from 'node:crypto'
import type { ContentHash } from '../../contract/content-hash.ts'
import { verificationKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { AskVerificationRequest, Verification } from '../../contract/verifications.ts'
import type { Backend } from '../backend.ts'

/**
 * Asks for stored originals to be read again: each by an empty object in the upload bucket, whose event takes the way of an upload
 * and its retries. Of what is not indexed there is nothing to read.
 *
 * @returns the id by which {@link findVerifications} knows this request
 */
export async function beginVerification(owner: Owner, contentHashes: readonly ContentHash[], backend: Backend): Promise<string> {
  const verificationId = randomUUID()
  const known = await backend.index.find(owner, contentHashes)
  const keys = [...known.keys()].map((contentHash) => verificationKey(owner, verificationId, contentHash))
  await Promise.all(keys.map((key) => backend.uploads.announce(key)))
  return verificationId
}

/** What was found by now, in the order of the request. */
export async function findVerifications(
  owner: Owner,
  { verificationId, contentHashes }: AskVerificationRequest,
  backend: Backend,
): Promise<readonly Verification[]> {
  const known = await backend.index.find(owner, contentHashes)
  const outcomes = await backend.verifications.find(owner, verificationId, contentHashes)
  return contentHashes.map((contentHash): Verification => {
    const record = known.get(contentHash)
    if (record === undefined) return { kind: 'unknown', contentHash }
    if (record.trashedAt !== undefined) return { kind: 'trashed', contentHash }
    const outcome = outcomes.get(contentHash)
    return outcome === undefined ? { kind: 'processing', contentHash } : { ...outcome, contentHash }
  })
}
