import type { ContentHash } from '../../contract/content-hash.ts'
import type { Verification } from '../../contract/verifications.ts'
import type { Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { FileOutcome } from '../run-event.ts'
import { trashedReason } from '../sync/plan.ts'

export interface VerifyOptions {
  readonly remote: Pick<Remote, 'beginVerification' | 'findVerifications'>
  readonly clock: Pick<Clock, 'elapsed' | 'delay'>
  readonly signal?: AbortSignal | undefined
}

const firstPauseMs = 200
const longestPauseMs = 2000
/** So long nothing may come: longer than the backend may read at one original, and than it waits after a failure. */
const patienceMs = 20 * 60 * 1000

/**
 * Has the backend read stored originals now, at most `maximumBatchSize` of them, and waits until it has told what it found. One of
 * which it has told nothing for {@link patienceMs} is not among the answers.
 */
export async function verifyStored(
  contentHashes: readonly ContentHash[],
  { remote, clock, signal }: VerifyOptions,
): Promise<ReadonlyMap<ContentHash, Verification>> {
  const told = new Map<ContentHash, Verification>()
  let waiting: readonly ContentHash[] = [...new Set(contentHashes)]
  if (waiting.length === 0) return told
  const verificationId = await remote.beginVerification(waiting, { signal })
  let lastToldMs = clock.elapsed()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const answers = await remote.findVerifications(verificationId, waiting, { signal })
    const settled = answers.filter(({ kind }) => kind !== 'processing')
    for (const verification of settled) told.set(verification.contentHash, verification)
    if (settled.length > 0) lastToldMs = clock.elapsed()
    waiting = waiting.filter((contentHash) => !told.has(contentHash))
    if (waiting.length === 0 || clock.elapsed() - lastToldMs > patienceMs) return told
    await clock.delay(pauseMs, signal)
  }
}

export type VerifiedOriginal = Extract<Verification, { kind: 'verified' }>

/** Why an original does not count as verified; undefined is one of which the backend told nothing. */
export function explainUnverified(
  verification: Exclude<Verification, VerifiedOriginal> | undefined,
): Pick<FileOutcome, 'reason' | 'storedBytesDiffer'> {
  switch (verification?.kind) {
    case 'differs':
      return { reason: 'the stored bytes are not those of its content hash', storedBytesDiffer: true }
    case 'missing':
      return { reason: 'the storage does not have it any more', storedBytesDiffer: true }
    case 'archived':
      return { reason: 'its original lies in the archive, where it cannot be read now' }
    case 'failed':
      return { reason: 'the backend could not read its original; the log of the backend says why' }
    case 'unknown':
      return { reason: 'not backed up' }
    case 'trashed':
      return { reason: trashedReason(verification.contentHash) }
    case 'processing':
    case undefined:
      return { reason: 'the backend has not read its original in time; run again' }
  }
}
