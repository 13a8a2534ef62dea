import { setTimeout as wait } from 'node:timers/promises'
import { ClassicLevel } from 'classic-level'

/** How long somebody else may take; what is done under these locks takes milliseconds. */
const patienceMs = 10_000
const betweenAttemptsMs = 20

/** The lock was held by another process for longer than anything should take. */
export class LockHeldError extends Error {
  override readonly name = 'LockHeldError'
}

/**
 * Does something that one process at a time may do, in the order in which they come to it. The lock is a database that one
 * process can have open: the kernel lets go of it when the process ends, however it ends.
 */
export async function withLevelLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(folder)
  try {
    return await work()
  } finally {
    await lock.close()
  }
}

async function acquire(folder: string): Promise<ClassicLevel> {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const lock = new ClassicLevel(folder)
    try {
      await lock.open()
      return lock
    } catch (error) {
      if (!isLevelLocked(error)) throw error
      if (performance.now() > giveUpAt) throw new LockHeldError(`${folder} is held by another process`, { cause: error })
    }
    await wait(betweenAttemptsMs)
  }
}

/** Another process (or this one) has the database open. */
export function isLevelLocked(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED'
}
