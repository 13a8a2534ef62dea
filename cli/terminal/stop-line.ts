import type { StoppedBy } from './run-view.ts'
import { formatDone } from './summary.ts'
import type { Summary } from './tally.ts'

/** An interruption in a line. A failure explains itself; before it stands what was done, if anything was. */
export function formatStop(summary: Summary, { hint }: StoppedBy): string {
  const done = formatDone(summary)
  if (hint === undefined) return `interrupted: ${done ?? 'nothing was done'}; safe to run again\n`
  return done === undefined ? '' : `stopped: ${done}; safe to run again\n`
}
