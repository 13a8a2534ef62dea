import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../cli/remote/retry.ts'

export interface ManualClock {
  readonly clock: Clock
  /** Lets time pass, by the clock on the wall too, and ends the waits that are over. */
  advance(milliseconds: number): void
  /** The machine sleeps: only the clock on the wall goes on. */
  sleep(milliseconds: number): void
  /** Lets time pass in steps, with turns for everybody else, until it is so. */
  until(isSo: () => boolean, stepMs?: number): Promise<void>
}

interface Wait {
  readonly atMs: number
  readonly end: () => void
}

/** A clock that only the test moves on. It stands an hour ahead, so that no file of the test looks as if it were just written. */
export function manualClock(): ManualClock {
  const startedMs = Date.now() + 3_600_000
  let elapsedMs = 0
  let sleptMs = 0
  const waits = new Set<Wait>()
  const clock: Clock = {
    now: () => startedMs + elapsedMs + sleptMs,
    elapsed: () => elapsedMs,
    random: () => 1,
    delay: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const wait: Wait = { atMs: elapsedMs + milliseconds, end: resolve }
        waits.add(wait)
        signal?.addEventListener('abort', () => {
          waits.delete(wait)
          reject(signal.reason)
        })
      }),
  }
  const advance = (milliseconds: number): void => {
    elapsedMs += milliseconds
    for (const wait of waits) {
      if (wait.atMs > elapsedMs) continue
      waits.delete(wait)
      wait.end()
    }
  }
  return {
    clock,
    advance,
    sleep(milliseconds) {
      sleptMs += milliseconds
    },
    async until(isSo, stepMs = 250) {
      while (!isSo()) {
        advance(stepMs)
        await setImmediate()
      }
    },
  }
}
