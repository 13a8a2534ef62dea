import type { Context } from '../context.ts'
import type { LockedState } from '../state/open-locked-state.ts'
import { completeClock } from '../system-clock.ts'
import { type OpenedRemote, type OpenStateOptions, openRemote, type RemoteOptions } from './open-remote.ts'

export interface OpenedAlone {
  readonly opened: OpenedRemote
  readonly state: LockedState
  /** Closes both. */
  close(): Promise<void>
}

/**
 * Opens a remote and what this machine remembers of it, as the only run that is at work with it. Throws what {@link openRemote}
 * and its `openState` do.
 */
export async function openRemoteAlone(
  remoteOptions: RemoteOptions,
  stateOptions: OpenStateOptions,
  context: Context,
): Promise<OpenedAlone> {
  const { waitMs = 0, tell } = stateOptions
  const { elapsed } = completeClock(context.clock)
  const startedMs = elapsed()
  const leftMs = (): number => Math.max(0, waitMs - (elapsed() - startedMs))
  for (;;) {
    const opened = await openRemote({ ...remoteOptions, tell, waitMs: leftMs() }, context)
    const state = await openState(opened, { ...stateOptions, waitMs: leftMs() })
    const close = async (): Promise<void> => {
      try {
        await state.close()
      } finally {
        await opened.close()
      }
    }
    if (!state.hasWaited) return { opened, state, close }
    // The run that was waited for may have been the one that had the library open, and has closed it.
    await close()
  }
}

async function openState(opened: OpenedRemote, options: OpenStateOptions): Promise<LockedState> {
  try {
    return await opened.openState(options)
  } catch (error) {
    await opened.close()
    throw error
  }
}
