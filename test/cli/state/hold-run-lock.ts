import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../../cli/errors.ts'
import { acquireRunLock } from '../../../cli/state/run-lock.ts'

/**
 * Started by run-lock.test.ts: tries to get the lock of its first argument when its parent says so, tells it what came of
 * that, and keeps the lock. Ends when the parent does.
 */
process.once('message', async () => {
  const clock = {
    now: Date.now,
    elapsed: () => performance.now(),
    random: Math.random,
    delay: (milliseconds: number) => wait(milliseconds),
  }
  const answer = await acquireRunLock(process.argv[2] ?? '', { command: 'sync', clock, tell: () => {} }).then(
    () => 'held',
    (error: unknown) => (error instanceof UserError ? 'locked' : String(error)),
  )
  process.send?.(answer)
})
process.once('disconnect', () => process.exit())
process.send?.('ready')
