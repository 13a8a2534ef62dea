/**
 * The time by the remote's clock: signatures and expiries are judged by that one, and this machine's may be wrong, as that
 * of a NAS without a battery is.
 */
export interface ServerClock {
  now(): Date
  /** Takes the time from the `Date` header of an answer that has just come. Any other text is ignored. */
  learn(date: string | undefined): void
}

/** @param localNow milliseconds since 1970 by this machine's clock, which is believed until an answer says otherwise */
export function createServerClock(localNow: () => number): ServerClock {
  let aheadMs = 0
  return {
    now: () => new Date(localNow() + aheadMs),
    learn(date) {
      const timeMs = Date.parse(date ?? '')
      if (!Number.isNaN(timeMs)) aheadMs = timeMs - localNow()
    },
  }
}
