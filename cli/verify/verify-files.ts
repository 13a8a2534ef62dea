import type { Verification } from '../../contract/verifications.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import type { Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { RunEvent } from '../run-event.ts'
import type { Selection } from '../sync/selection.ts'
import type { Source } from '../sync/sources.ts'
import { findCandidates, type HashedCandidate } from './find-candidates.ts'
import { verifyStored } from './verify-stored.ts'

export interface VerifyFilesOptions {
  readonly remote: Remote
  readonly clock: Clock
  readonly selection: Selection
  readonly signal: AbortSignal
}

export interface VerifiedBatch {
  /** What was found on the way. */
  readonly events: readonly RunEvent[]
  readonly files: readonly { readonly candidate: HashedCandidate; readonly verification: Verification | undefined }[]
}

/** While files of one batch are seen to, the backend reads the originals of the next. */
const batchesAtOnce = 2

/**
 * Hashes files anew, whatever is remembered of them, and has the backend read the originals of these bytes after that. Of what it
 * told nothing in time the verification is undefined.
 */
export async function* verifyFiles(sources: readonly Source[], options: VerifyFilesOptions): AsyncGenerator<VerifiedBatch> {
  const { remote, clock } = options
  const controller = new AbortController()
  const signal = AbortSignal.any([options.signal, controller.signal])
  const batches = findCandidates(sources, { clock, selection: options.selection, signal })
  yield* mapConcurrently(
    batches,
    batchesAtOnce,
    async ({ events, candidates }, taskSignal): Promise<VerifiedBatch> => {
      const contentHashes = candidates.map(({ contentHash }) => contentHash)
      const told = await verifyStored(contentHashes, { remote, clock, signal: taskSignal })
      return {
        events,
        files: candidates.map((candidate) => ({ candidate, verification: told.get(candidate.contentHash) })),
      }
    },
    { signal: options.signal, controller },
  )
}
