import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { cannotBeOpened, type LocalState, openLocalState, type StateKey, stateNameOf } from './local-state.ts'
import { acquireRunLock, type RunLock, type RunLockOptions } from './run-lock.ts'

/** The local state of a run that is the only one at work with it. */
export interface LockedState extends LocalState, Pick<RunLock, 'hasWaited'> {
  /** Aborted, with a `UserError` with exit code 11, when another run has the lock by now: nothing may be written any more. */
  readonly lost: AbortSignal
}

/**
 * Opens the state behind the lock of a run. Throws as {@link openLocalState} does; its exit code 11 says who is at work. Who
 * closes the state lets go of the lock.
 */
export async function openLockedState(stateFolder: string, key: StateKey, options: RunLockOptions): Promise<LockedState> {
  const lock = await lockState(stateFolder, key, options)
  try {
    const state = await openLocalState(stateFolder, key)
    const close = async (): Promise<void> => {
      try {
        await state.close()
      } finally {
        await lock.release()
      }
    }
    return { ...state, lost: lock.lost, hasWaited: lock.hasWaited, close }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** What the names of the files of a run's lock begin with. */
export function runLockPathOf(stateFolder: string, key: StateKey): string {
  return join(stateFolder, `${stateNameOf(key)}-run`)
}

async function lockState(stateFolder: string, key: StateKey, options: RunLockOptions): Promise<RunLock> {
  const path = runLockPathOf(stateFolder, key)
  try {
    return await acquireRunLock(path, options)
  } catch (error) {
    if (error instanceof UserError || options.signal?.aborted) throw error
    throw cannotBeOpened(stateFolder, error)
  }
}
