import type { FileOutcome } from '../run-event.ts'

/** What of a pull lies in an archive. Each original is counted once. */
export interface Thaws {
  /** Files of which this run asked for the thaw. */
  readonly requested: number
  readonly bytes: number
  /** When all that thaws should be there. */
  readonly readyBy: Date | undefined
  /** Bytes that would have to thaw, of a dry run. */
  readonly wouldThawBytes: number
}

/** With those of one file. */
export function addThaw(thaws: Thaws, { action, sizeBytes, movesNoBytes, thaw }: FileOutcome): Thaws {
  const bytes = movesNoBytes ? 0 : sizeBytes
  if (action === 'would_thaw') return { ...thaws, wouldThawBytes: thaws.wouldThawBytes + bytes }
  if (action !== 'thawing' || thaw === undefined) return thaws
  const isLater = thaws.readyBy === undefined || thaw.readyBy > thaws.readyBy
  return {
    ...thaws,
    requested: thaws.requested + (thaw.isNew ? 1 : 0),
    bytes: thaws.bytes + bytes,
    readyBy: isLater ? thaw.readyBy : thaws.readyBy,
  }
}
