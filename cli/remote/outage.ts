import { errorCode } from '../error-code.ts'
import type { Notices } from './notices.ts'
import { type Clock, type Patience, type RequestPatience, RetryableError } from './retry.ts'

/** Two ends that may be gone each for itself: the API with what belongs to it, and the storage. */
export interface Outage {
  /**
   * Without it nothing is waited for: who lists photos on a terminal wants to know soon, and who backs up wants to be told.
   * @param timeLeftMs of the run; without it, as long as it takes
   */
  endure(timeLeftMs?: () => number): void
  /** The run's time was over before an end that is gone came back. */
  isOvertime(): boolean
  readonly api: Patience
  readonly storage: Patience & {
    /** It was waited for in vain, or there is no time to, and the run should end. */
    isLost(): boolean
  }
}

/** So long is an end waited for, once that is asked for, while it does not answer at all: a router is restarted, a train leaves its tunnel. */
const outagePatienceMs = 15 * 60 * 1000
/** Shorter ones are nobody's business. */
const quietMs = 10 * 1000
/** Who waits asks more often. After such a silence nobody knows whether what failed before it would still fail. */
const longestSilenceMs = 5 * 60 * 1000
/** A request that has failed so often before another one succeeded is at fault itself; less is how an outage begins. */
const failuresOfOne = 4

interface End {
  /** When requests began to fail, by a clock that nobody sets; undefined while they succeed. */
  failingSinceMs: number | undefined
  lastFailureMs: number
  lastSuccessMs: number
}

export interface OutageOptions {
  /**
   * Given where the other side is a library of this machine, found by its folder: where it refuses a connection it has
   * stopped, and comes back only if this brings it back, which resolves with whether it did. Behind any other address, on
   * this machine too, may be a tunnel or a proxy that does.
   */
  readonly revive?: (() => Promise<boolean>) | undefined
}

/**
 * Tells what a request that fails again and again cannot know of itself: whether anything else succeeds. While nothing
 * does, all of them are tried on, for 15 minutes; the user is told once that it has begun, and once that it is over.
 */
export function createOutage(
  clock: Pick<Clock, 'now' | 'elapsed'>,
  notices: Pick<Notices, 'tell'>,
  { revive }: OutageOptions = {},
): Outage {
  const ends = { api: newEnd(), storage: newEnd() }
  let patienceMs = 0
  let timeLeftMs = (): number => Number.POSITIVE_INFINITY
  let toldOf: End | undefined

  const failingMs = ({ failingSinceMs }: End): number => (failingSinceMs === undefined ? 0 : clock.elapsed() - failingSinceMs)

  const isOverdue = (end: End): boolean => failingMs(end) >= quietMs && timeLeftMs() <= 0
  const isGivenUp = (end: End): boolean => failingMs(end) >= patienceMs || isOverdue(end)

  function tellOnce(end: End): void {
    if (toldOf !== undefined || failingMs(end) < quietMs) return
    toldOf = end
    const until = new Date(clock.now() + Math.min(patienceMs - failingMs(end), timeLeftMs()))
    notices.tell(`the remote does not answer; trying until ${timeOfDay(until)}`)
  }

  /** When anything succeeded last that has to do with such a failure. */
  function lastSuccessMs(error: unknown, end: End): number {
    // Who answers, if only with trouble, is there: then it is the request that is the matter, as soon as any other succeeds.
    const related = error instanceof RetryableError ? Object.values(ends) : [end]
    return Math.max(...related.map((one) => one.lastSuccessMs))
  }

  function startRequest(end: End): RequestPatience {
    if (clock.elapsed() - end.lastFailureMs > longestSilenceMs) end.failingSinceMs = undefined
    let failures = 0
    let lastFailureMs = Number.POSITIVE_INFINITY
    let failuresBeforeSuccess = 0
    const lives = (): void => {
      end.failingSinceMs = undefined
      end.lastSuccessMs = clock.elapsed()
      if (toldOf !== end) return
      toldOf = undefined
      notices.tell('the remote answers again')
    }
    return {
      succeeded() {
        failures = 0
        failuresBeforeSuccess = 0
        lives()
      },
      lives,
      // What has begun is finished, if that takes another attempt or two; a remote that is gone is not waited for.
      leftMs: () =>
        patienceMs > 0 && end.failingSinceMs !== undefined
          ? Math.max(timeLeftMs(), quietMs - failingMs(end))
          : Number.POSITIVE_INFINITY,
      revive: async (error) => revive !== undefined && isRefused(error) && (await revive()),
      failed(error) {
        if (lastSuccessMs(error, end) > lastFailureMs) failuresBeforeSuccess = failures
        failures += 1
        lastFailureMs = clock.elapsed()
        end.lastFailureMs = lastFailureMs
        end.failingSinceMs ??= lastFailureMs
        if (failuresBeforeSuccess >= failuresOfOne || failingMs(end) >= patienceMs) return false
        if (revive !== undefined && isRefused(error)) return false
        tellOnce(end)
        return true
      },
    }
  }

  return {
    endure(left) {
      patienceMs = outagePatienceMs
      if (left) timeLeftMs = left
    },
    isOvertime: () => Object.values(ends).some(isOverdue),
    api: { start: () => startRequest(ends.api) },
    storage: { start: () => startRequest(ends.storage), isLost: () => patienceMs > 0 && isGivenUp(ends.storage) },
  }
}

function isRefused(error: unknown): boolean {
  return errorCode(error) === 'ECONNREFUSED'
}

function newEnd(): End {
  return { failingSinceMs: undefined, lastFailureMs: Number.NEGATIVE_INFINITY, lastSuccessMs: Number.NEGATIVE_INFINITY }
}

/** On this machine's clock: `02:15`. */
function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes()].map((number) => String(number).padStart(2, '0')).join(':')
}
