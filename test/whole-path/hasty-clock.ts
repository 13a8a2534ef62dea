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

export interface HastyClockOptions {
  /** Given, this is all that is waited for: the time that the backend needs, on whatever machine, and nothing else. */
  readonly whenIdle?: () => Promise<void>
  /** Of the machine's own; not enough for anybody to say that it is wrong. */
  readonly aheadMs?: number
}

/** A clock on which waiting takes hardly any time, and time passes as if it had. */
export function hastyClock({ whenIdle, aheadMs = 0 }: HastyClockOptions = {}): Omit<Clock, 'random'> {
  let skippedMs = 0
  return {
    now: () => Date.now() + aheadMs + skippedMs,
    elapsed: () => performance.now() + skippedMs,
    async delay(milliseconds, signal) {
      const waitedMs = whenIdle ? 0 : Math.min(milliseconds / hurry, longestMs)
      await (whenIdle?.() ?? wait(waitedMs, undefined, signal ? { signal } : {}))
      signal?.throwIfAborted()
      skippedMs += milliseconds - waitedMs
    },
  }
}
