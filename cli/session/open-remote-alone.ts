import type { Context } from '../context.ts'
import type { LockedState } from '../state/open-locked-state.ts'
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
  const { waitMs = 0 } = stateOptions
  let startedMs: number | undefined
  for (;;) {
    const opened = await openRemote(remoteOptions, context)
    const { elapsed } = opened.transport.clock
    startedMs ??= elapsed()
    const state = await openState(opened, { ...stateOptions, waitMs: Math.max(0, waitMs - (elapsed() - startedMs)) })
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
