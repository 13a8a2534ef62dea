import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../cli/remote/retry.ts'

/** Waits are so many times shorter than they are said to be; the backend does its work in real time meanwhile. */
const hurry = 200

/** A clock on which waiting takes hardly any time, and time passes as if it had. */
export function hastyClock(): Omit<Clock, 'random'> {
  let skippedMs = 0
  return {
    now: () => Date.now() + skippedMs,
    elapsed: () => performance.now() + skippedMs,
    async delay(milliseconds, signal) {
      await wait(milliseconds / hurry, undefined, signal ? { signal } : {})
      skippedMs += milliseconds * (1 - 1 / hurry)
    },
  }
}
