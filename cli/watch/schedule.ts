import type { Clock } from '../remote/retry.ts'

/** When everything is looked through, and how long a remote that could not be used is left alone. Moments are those of `elapsed`. */
export interface Schedule {
  isRescanDue(): boolean
  rescanSoon(): void
  /** The next one is due only when its time has come, or when it is asked for from now on. */
  beginRescan(): void
  /** From now on at least so often. Answers with how often that is, in milliseconds. */
  rescanEvery(milliseconds: number): number
  isPutOff(): boolean
  /** Nothing can be done for now: waits longer each time. */
  putOff(): void
  succeed(): void
  moments(): readonly number[]
}

const firstPauseMs = 5000
const longestPauseMs = 5 * 60_000

export function createSchedule(usualRescanMs: number, { elapsed, random }: Pick<Clock, 'elapsed' | 'random'>): Schedule {
  let rescanMs = usualRescanMs
  let rescanAtMs = elapsed()
  let notBeforeMs = elapsed()
  let failures = 0
  return {
    isRescanDue: () => elapsed() >= rescanAtMs,
    rescanSoon() {
      rescanAtMs = elapsed()
    },
    beginRescan() {
      rescanAtMs = elapsed() + rescanMs
    },
    rescanEvery(milliseconds) {
      rescanMs = Math.min(rescanMs, milliseconds)
      rescanAtMs = Math.min(rescanAtMs, elapsed() + rescanMs)
      return rescanMs
    },
    isPutOff: () => elapsed() < notBeforeMs,
    putOff() {
      // Never so that all machines of a house come at once.
      notBeforeMs = elapsed() + Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (0.5 + random() / 2)
      failures += 1
    },
    succeed() {
      failures = 0
    },
    moments: () => [rescanAtMs, notBeforeMs],
  }
}
