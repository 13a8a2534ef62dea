import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from './remote/retry.ts'

/** The machine's own clock, but for what is given. */
export function completeClock(given: Partial<Clock> = {}): Clock {
  return { now: Date.now, elapsed: () => performance.now(), random: Math.random, delay, ...given }
}

async function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, signal ? { signal } : {})
}
