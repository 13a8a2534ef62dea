import type { Clock } from '../remote/retry.ts'

/** Clocks that are set right now and then move by less. */
const sleepMs = 30_000

/** Tells whether this machine has slept since it was asked last: the clock on the wall went on, the one of the processor did not. */
export function createSleepDetector({ now, elapsed }: Pick<Clock, 'now' | 'elapsed'>): () => boolean {
  let offsetMs = now() - elapsed()
  return () => {
    const before = offsetMs
    offsetMs = now() - elapsed()
    return offsetMs - before > sleepMs
  }
}
