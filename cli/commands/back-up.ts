import { hostname } from 'node:os'
import type { BytePath } from '../byte-path.ts'
import type { Context } from '../context.ts'
import type { RunEvent } from '../run-event.ts'
import { openRemote } from '../session/open-remote.ts'
import { createOriginalSender } from '../sync/original-sender.ts'
import { sync } from '../sync/sync.ts'
import type { SelectionFlags } from './selection-options.ts'
import type { StateFlags } from './state-options.ts'
import type { TransferFlags } from './transfer-options.ts'

/** What `sync` and `watch` have in common, as typed. */
export interface BackUpFlags extends SelectionFlags, TransferFlags, StateFlags {
  readonly device?: string
  readonly library?: string
  readonly profile?: string
  readonly dryRun?: true
  readonly verbose?: true
}

export interface BackUpOptions {
  readonly on: (event: RunEvent) => void
  /** Only these files, by their absolute paths; all of the folders without it. */
  readonly listed?: Iterable<BytePath> | undefined
}

/** Opens the remote and what is remembered of it, backs up folders (and single files) once, and closes both. */
export async function backUp(
  folders: readonly string[],
  flags: BackUpFlags,
  context: Context,
  { on, listed }: BackUpOptions,
): Promise<void> {
  const { transfers, library, profile, dryRun = false } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const whenMissing = dryRun ? 'pretend' : 'create'
  const opened = await openRemote({ library, profile, whenMissing, log }, context)
  const { remote, transport, notes, openState, close } = opened
  // As `photos devices` calls it, where nothing else is said: one machine is not to have two names.
  const device = flags.device ?? opened.deviceName ?? hostname()
  try {
    for (const message of notes) on({ kind: 'note', message })
    const state = await openState()
    try {
      const sender = createOriginalSender(transport)
      const { clock } = transport
      const options = { remote, state, sender, device, transfers, dryRun, clock, listed, signal: context.signal }
      for await (const event of sync(folders, options)) on(event)
    } finally {
      await state.close()
    }
  } finally {
    await close()
  }
}
