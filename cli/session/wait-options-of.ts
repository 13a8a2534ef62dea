import { type Context, stateFolder } from '../context.ts'
import { findRun } from '../state/find-run.ts'
import { showHolder } from '../state/lock-holder.ts'
import { runLockPathOf } from '../state/open-locked-state.ts'
import type { RemoteOptions } from './open-remote.ts'
import type { WaitOptions } from './wait-for-library.ts'

/** How a run waits for who has its library open. */
export function waitOptionsOf(folder: string, { tell, waitMs }: RemoteOptions, context: Context): WaitOptions {
  const { clock, signal, stderr } = context
  return {
    clock,
    signal,
    waitMs,
    tell: tell ?? ((message) => void stderr.write(`${message}\n`)),
    findRun: (processId) => findRunWith(folder, processId, context),
  }
}

/** The run of photos, in words, that a process is which is at work with a library. */
async function findRunWith(folder: string, processId: number, context: Context): Promise<string | undefined> {
  const { findLibrary } = await import('../../embedded/library.ts')
  const identity = await findLibrary(folder).catch(() => undefined)
  if (identity === undefined) return undefined
  const run = await findRun(runLockPathOf(stateFolder(context), { ...identity, origin: undefined }))
  return run?.pid === processId ? showHolder(run) : undefined
}
