/**
 * The time by the remote's clock: signatures and expiries are judged by that one, and this machine's may be wrong, as that
 * of a NAS without a battery is.
 */
export interface ServerClock {
  now(): Date
  /** Takes the time from the `Date` header of an answer that has just come. Any other text is ignored. */
  learn(date: string | undefined): void
}

/** A difference that the way of an answer does not explain. */
const noticeableMs = 5 * 60 * 1000

/**
 * @param localNow milliseconds since 1970 by this machine's clock, which is believed until an answer says otherwise
 * @param onSkew hears, once, in words, that this machine's clock is wrong by more than five minutes
 */
export function createServerClock(localNow: () => number, onSkew?: (message: string) => void): ServerClock {
  let aheadMs = 0
  let isTold = false
  return {
    now: () => new Date(localNow() + aheadMs),
    learn(date) {
      const timeMs = Date.parse(date ?? '')
      if (Number.isNaN(timeMs)) return
      aheadMs = timeMs - localNow()
      if (isTold || Math.abs(aheadMs) <= noticeableMs) return
      isTold = true
      onSkew?.(
        `the clock of this machine is ${inWords(Math.abs(aheadMs))} ${aheadMs > 0 ? 'behind' : 'ahead of'} the remote's; set it right`,
      )
    },
  }
}

function inWords(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
