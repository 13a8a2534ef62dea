import { join } from 'node:path'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { Clock } from '../../../cli/remote/retry.ts'
import type { FileOutcome, RunEvent } from '../../../cli/run-event.ts'
import { openLocalState } from '../../../cli/state/local-state.ts'
import type { OriginalSender } from '../../../cli/sync/original-sender.ts'
import { type SyncOptions, sync } from '../../../cli/sync/sync.ts'
import { type Owner, ownerSchema } from '../../../contract/owner.ts'

export interface Run {
  readonly events: readonly RunEvent[]
  readonly outcomes: readonly FileOutcome[]
  /** How many files ended in which way. */
  readonly counts: Readonly<Record<string, number>>
  readonly notes: readonly string[]
  readonly movedBytes: number
}

/** A clock that stands an hour ahead, so that no file is too young to be remembered, and that waiting moves on. */
export function clockAhead(): Clock {
  let aheadMs = 3_600_000
  return {
    now: () => Date.now() + aheadMs,
    elapsed: () => aheadMs,
    random: () => 1,
    delay: async (milliseconds, signal) => {
      signal?.throwIfAborted()
      aheadMs += milliseconds
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

export interface SyncInTest extends Partial<SyncOptions> {
  readonly remote: Remote
  readonly sender: OriginalSender
  /** Where the state lies; it is opened for the run and closed after it. */
  readonly stateFolder: string
  /** Whose photos they are; there is one of them unless the test is about two. */
  readonly owner?: Owner
  readonly onEvent?: (event: RunEvent) => void
}

export const onlyOwner = ownerSchema.parse('somebody')

/** One run from start to end. */
export async function runSync(
  paths: readonly string[],
  { stateFolder, onEvent, owner = onlyOwner, ...options }: SyncInTest,
): Promise<Run> {
  const { remoteId } = options.remote.configuration
  const state = await openLocalState(join(stateFolder, 'state'), { remoteId, owner, origin: undefined })
  const events: RunEvent[] = []
  try {
    const common = { state, transfers: 3, dryRun: false, device: 'laptop', clock: clockAhead() }
    for await (const event of sync(paths, { ...common, ...options })) {
      events.push(event)
      onEvent?.(event)
    }
  } finally {
    await state.close()
  }
  return summarise(events)
}

function summarise(events: readonly RunEvent[]): Run {
  const outcomes = events.flatMap((event) => (event.kind === 'file' ? [event.outcome] : []))
  const counts: Record<string, number> = {}
  for (const { action } of outcomes) counts[action] = (counts[action] ?? 0) + 1
  return {
    events,
    outcomes,
    counts,
    notes: events.flatMap((event) => (event.kind === 'note' ? [event.message] : [])),
    movedBytes: events.reduce((sum, event) => sum + (event.kind === 'moved' ? event.sizeBytes : 0), 0),
  }
}
