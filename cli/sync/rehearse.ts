import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import type { Confirmation } from '../../contract/transfers.ts'
import type { Tell } from '../event-stream.ts'
import { batches } from '../read-ahead.ts'
import type { Remote } from '../remote/remote.ts'
import type { RunEvent } from '../run-event.ts'
import { skipped, succeeded, wouldBeCopy, wouldJoin } from './file-event.ts'
import type { HashedFile } from './hash.ts'
import { trashedReason } from './plan.ts'

export interface RehearseOptions {
  readonly remote: Remote
  readonly tell: Tell
  /** Of the whole run. */
  readonly controller: AbortController
}

/** So many new originals are told from their duplicates; memory stays bounded, and beyond it a duplicate counts as new. */
const mostDistinct = 100_000

/**
 * A dry run: asks what the remote has (confirming without a location registers nothing) and tells what a run would do, counted
 * as that would be: of new files with the same bytes, one is `would_upload`, and the others find them stored. What the remote has
 * not yet confirmed is never called stored.
 */
export async function rehearse(hashed: AsyncIterable<HashedFile>, options: RehearseOptions): Promise<void> {
  const { remote, tell, controller } = options
  const wouldSend = new Set<ContentHash>()
  for await (const batch of batches(hashed, maximumBatchSize, controller)) {
    const questions = batch.map(({ contentHash }) => ({ contentHash, locations: [] }))
    const answers = await remote.confirm(questions, { checkUploads: true, signal: controller.signal })
    await tell(batch.map((file, index) => foresee(file, answers[index]?.kind ?? 'missing', wouldSend)))
  }
}

function foresee({ file, contentHash }: HashedFile, answer: Confirmation['kind'], wouldSend: Set<ContentHash>): RunEvent {
  if (answer === 'stored') return succeeded(file, 'already_stored', contentHash)
  if (answer === 'trashed') return skipped(file, trashedReason(contentHash))
  if (answer === 'processing') return wouldJoin(file, contentHash, 'the remote has its bytes and is processing them')
  if (wouldSend.has(contentHash)) return wouldBeCopy(file, contentHash)
  if (wouldSend.size < mostDistinct) wouldSend.add(contentHash)
  return succeeded(file, 'would_upload', contentHash)
}
