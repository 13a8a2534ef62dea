import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import { lockFolder } from '../session/profile-lock.ts'
import { remoteFault } from './finding.ts'

/** Close it, and the next doctor begins. */
export interface Turn {
  close(): Promise<void>
}

/** A doctor of a library takes seconds; another one may have a queue to wait for. */
const attempts = 300
const betweenAttemptsMs = 200

/**
 * One doctor of a library at a time: where nobody serves it, the run that has opened it closes it when it ends, under the other
 * one's feet. Waits a minute for its turn, then throws a `UserError` with exit code 11.
 */
export async function takeTurn(folder: string, { delay }: Pick<Clock, 'delay'>, signal: AbortSignal): Promise<Turn> {
  const { libraryPaths } = await import('../../embedded/library.ts')
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (attempt > 1) await delay(betweenAttemptsMs, signal)
    const lock = await lockFolder(join(libraryPaths(folder).own, 'doctor')).catch((error: unknown) => {
      throw unusable(folder, error)
    })
    if (lock !== undefined) return lock
  }
  throw new UserError(`another run of photos doctor is at work with the library ${folder}`, {
    exitCode: exitCodes.locked,
    hint: 'wait until it has ended, then run it again',
  })
}

function unusable(folder: string, cause: unknown): UserError {
  const hint = 'see to whom its folder `.photos` belongs, and whether its disk is full, or may not be written to'
  return remoteFault(`the library folder ${folder} cannot be written to`, hint, cause)
}
