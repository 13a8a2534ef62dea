import { type BandwidthTimetable, bandwidthAt } from './bandwidth-timetable.ts'
import type { Clock } from './retry.ts'

/** Holds back the bytes of one direction, for all transfers of a run together. */
export interface Throttle {
  /** So many bytes are to be moved at once, now; without a limit, any number. */
  stepBytes(): number
  /** Waits until so many bytes may be moved; those who ask are served in order. */
  take(sizeBytes: number, signal?: AbortSignal): Promise<void>
}

/** Both directions. */
export interface Bandwidth {
  readonly up: Throttle
  readonly down: Throttle
  /** From now on, by the time of the day; undefined takes every limit away. */
  limit(timetable: BandwidthTimetable | undefined): void
}

const longestStepBytes = 64 * 1024
const shortestStepBytes = 512
/** A step takes a quarter of a second at most, so that several transfers at once move all the time. */
const stepSeconds = 0.25
/** What a timer that came late has lost may be made up for, if it is not longer ago. */
const catchUpMs = 100

export function createBandwidth(clock: Pick<Clock, 'now' | 'elapsed' | 'delay'>): Bandwidth {
  let timetable: BandwidthTimetable | undefined
  const limitNow = () => timetable && bandwidthAt(timetable, new Date(clock.now()))
  const isLimited = (): boolean => timetable !== undefined
  return {
    up: createThrottle(() => limitNow()?.upBytesPerSecond, isLimited, clock),
    down: createThrottle(() => limitNow()?.downBytesPerSecond, isLimited, clock),
    limit(changed) {
      timetable = changed
    },
  }
}

/** @param rateNow bytes a second, asked for each step, so that a limit may change in the middle of a transfer */
function createThrottle(
  rateNow: () => number | undefined,
  isLimited: () => boolean,
  { elapsed, delay }: Pick<Clock, 'elapsed' | 'delay'>,
): Throttle {
  /** When the next byte may go. */
  let nextMs = Number.NEGATIVE_INFINITY
  return {
    stepBytes() {
      // Also while a timetable sets none: one that begins must not come after a long step.
      if (!isLimited()) return Number.POSITIVE_INFINITY
      const step = Math.round((rateNow() ?? Number.POSITIVE_INFINITY) * stepSeconds)
      return Math.max(shortestStepBytes, Math.min(longestStepBytes, step))
    },
    async take(sizeBytes, signal) {
      const rate = rateNow()
      if (rate === undefined) return
      const startMs = Math.max(elapsed() - catchUpMs, nextMs)
      nextMs = startMs + (sizeBytes / rate) * 1000
      const waitMs = Math.floor(startMs - elapsed())
      if (waitMs > 0) await delay(waitMs, signal)
    },
  }
}
