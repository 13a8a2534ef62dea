import type { ContentHash } from '../../contract/content-hash.ts'
import type { FileOutcome } from '../run-event.ts'

/** Originals that are not whole at the remote: the next run goes on behind their parts. */
export interface KeptSummary {
  readonly files: number
  readonly bytes: number
}

/** What the remote has of originals that go there in parts, until they are whole. */
export function createKeptParts() {
  const bytesOf = new Map<ContentHash, number>()
  return {
    keep(contentHash: ContentHash, sizeBytes: number): void {
      if (sizeBytes > 0) bytesOf.set(contentHash, sizeBytes)
      else bytesOf.delete(contentHash)
    },
    end({ action, contentHash }: FileOutcome): void {
      // Also where another machine was faster.
      const isWhole = action === 'uploaded' || action === 'already_stored'
      if (isWhole && contentHash !== undefined) bytesOf.delete(contentHash)
    },
    summarize: (): KeptSummary => ({ files: bytesOf.size, bytes: [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0) }),
  }
}
