import { openLockFiles } from './lock-files.ts'
import { describeSelf, findHolderState, type LockHolder } from './lock-holder.ts'

/** The run of this machine that holds a lock now; undefined where none does, or where that cannot be known at once. */
export async function findRun(path: string): Promise<LockHolder | undefined> {
  const files = openLockFiles(path)
  const [highest] = await files.list().catch(() => [])
  const holder = highest?.kind === 'held' ? await files.readHolder(highest) : undefined
  if (holder === undefined) return undefined
  const state = await findHolderState(holder, await describeSelf('', new Date(0)))
  return state === 'alive' ? holder : undefined
}
