import type { Clock } from '../../../cli/remote/retry.ts'

/** A clock whose time passes only while all who are at work wait for it. */
export interface VirtualClock extends Clock {
  /** Milliseconds that have passed. */
  readonly elapsed: () => number
}

interface Timer {
  readonly atMs: number
  readonly ring: () => void
}

/**
 * Delays end in the order of their ends, one at a time, each after the machine's own input and output has had its turn. `random`
 * is always 1.
 * @param startMs the time at the beginning, in milliseconds since 1970
 */
export function createVirtualClock(startMs = 0): VirtualClock {
  let nowMs = 0
  let isTicking = false
  const timers: Timer[] = []

  function tick(): void {
    isTicking = false
    timers.sort((one, other) => one.atMs - other.atMs)
    const next = timers.shift()
    if (!next) return
    nowMs = Math.max(nowMs, next.atMs)
    next.ring()
    startTicking()
  }

  function startTicking(): void {
    if (isTicking) return
    isTicking = true
    setImmediate(tick)
  }

  return {
    now: () => startMs + nowMs,
    elapsed: () => nowMs,
    random: () => 1,
    delay: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => reject(signal?.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
        const ring = (): void => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        }
        timers.push({ atMs: nowMs + milliseconds, ring })
        startTicking()
      }),
  }
}
