import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../cli/remote/retry.ts'

/** Waits are so many times shorter than they are said to be; the backend does its work in real time meanwhile. */
const hurry = 200
/** An outage of a quarter of an hour takes some sixty long waits, in which nobody has anything to do. */
const longestMs = 20

/** Time passes as everywhere, and whoever would wait comes back much sooner: to a backend in the same process, which takes a few milliseconds. */
export const impatientClock: Pick<Clock, 'delay'> = {
  async delay(milliseconds, signal) {
    await wait(milliseconds / 20, undefined, signal ? { signal } : {})
  },
}

/** A clock on which waiting takes hardly any time, and time passes as if it had. */
export function hastyClock(): Omit<Clock, 'random'> {
  let skippedMs = 0
  return {
    now: () => Date.now() + skippedMs,
    elapsed: () => performance.now() + skippedMs,
    async delay(milliseconds, signal) {
      const waitedMs = Math.min(milliseconds / hurry, longestMs)
      await wait(waitedMs, undefined, signal ? { signal } : {})
      skippedMs += milliseconds - waitedMs
    },
  }
}
