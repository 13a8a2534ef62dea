import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import type { Remote } from '../remote/remote.ts'
import { succeeded } from './file-event.ts'
import type { HashedFile } from './hash.ts'
import { batches } from './read-ahead.ts'
import type { Tell } from './run-events.ts'

export interface RehearseOptions {
  readonly remote: Remote
  readonly tell: Tell
  /** Of the whole run. */
  readonly controller: AbortController
}

/** So many new originals are told from their duplicates; memory stays bounded, and beyond it a duplicate counts as new. */
const mostDistinct = 100_000

/** A dry run: asks what the remote has (confirming without a location registers nothing) and tells what a run would do. */
export async function rehearse(hashed: AsyncIterable<HashedFile>, options: RehearseOptions): Promise<void> {
  const { remote, tell, controller } = options
  const wouldUpload = new Set<ContentHash>()
  for await (const batch of batches(hashed, maximumBatchSize, controller)) {
    const questions = batch.map(({ contentHash }) => ({ contentHash, locations: [] }))
    const answers = await remote.confirm(questions, { checkUploads: true, signal: controller.signal })
    const events = batch.map(({ file, contentHash }, index) => {
      const isThere = ['stored', 'processing'].includes(answers[index]?.kind ?? 'missing')
      if (isThere || wouldUpload.has(contentHash)) return succeeded(file, 'already_stored', contentHash)
      if (wouldUpload.size < mostDistinct) wouldUpload.add(contentHash)
      return succeeded(file, 'would_upload', contentHash)
    })
    await tell(events)
  }
}
