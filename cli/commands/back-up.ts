import { hostname } from 'node:os'
import type { Context } from '../context.ts'
import type { RunEvent } from '../run-event.ts'
import { openRemoteAlone } from '../session/open-remote-alone.ts'
import type { IsHeldBack } from '../sync/hold-back.ts'
import { createOriginalSender } from '../sync/original-sender.ts'
import type { ListedPaths } from '../sync/scan-listed.ts'
import { syncInBatches } from '../sync/sync.ts'
import { listedOf, type SelectionFlags, selectionOf } from './selection-options.ts'
import type { StateFlags } from './state-options.ts'
import { prepareTransport, type RunLimitFlags, runLimitsOf, type TransferFlags, untilOvertime } from './transfer-options.ts'
import { notesOnPatterns } from './typed-patterns.ts'

/** What `sync` and `watch` have in common, as typed. */
export interface BackUpFlags extends SelectionFlags, TransferFlags, RunLimitFlags, StateFlags {
  readonly device?: string
  readonly library?: string
  readonly profile?: string
  readonly dryRun?: true
  readonly json?: true
  readonly verbose?: true
}

export interface BackUpOptions {
  readonly on: (event: RunEvent) => void
  /** What holds the lock, as others are told; `sync` unless it is said. */
  readonly command?: string | undefined
  /** Only these files, by their absolute paths; all of the folders without it. */
  readonly listed?: ListedPaths | undefined
  /** Asked for every file that was found. */
  readonly isHeldBack?: IsHeldBack | undefined
}

/** Opens the remote and what is remembered of it, backs up folders (and single files) once, and closes both. */
export async function backUp(
  folders: readonly string[],
  flags: BackUpFlags,
  context: Context,
  { on, command = 'sync', listed = listedOf(flags, folders, context), isHeldBack }: BackUpOptions,
): Promise<void> {
  const { transfers, library, profile, dryRun = false } = flags
  const selection = selectionOf(flags, folders, context)
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const whenMissing = dryRun ? 'pretend' : 'create'
  const tell = (message: string): void => on({ kind: 'note', message })
  const lock = { command, waitMs: flags.retryLock, tell }
  const { opened, state, close } = await openRemoteAlone({ library, profile, whenMissing, log }, lock, context)
  const { remote, transport, notes, warnings, deviceName } = opened
  try {
    for (const message of [...notes, ...notesOnPatterns(flags)]) tell(message)
    for (const message of warnings) on({ kind: 'note', message, isUrgent: true })
    const limits = runLimitsOf(flags, transport)
    prepareTransport(transport, flags, on, limits)
    const { clock } = transport
    const options = {
      remote,
      state,
      sender: createOriginalSender(transport),
      // As `photos devices` calls it, where nothing else is said: one machine is not to have two names.
      device: flags.device ?? deviceName ?? hostname(),
      transfers,
      dryRun,
      clock,
      selection,
      countsUnchanged: !(flags.verbose || flags.json),
      listed,
      isHeldBack,
      limits,
      allowsEmpty: flags.allowEmpty,
      signal: AbortSignal.any([context.signal, state.lost]),
    }
    await untilOvertime(limits, transport, on, async () => {
      for await (const events of syncInBatches(folders, options)) for (const event of events) on(event)
    })
  } finally {
    await close()
  }
}
