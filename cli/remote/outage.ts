import * as z from 'zod'
import type { Notices } from './notices.ts'
import { type Clock, type Patience, type RequestPatience, RetryableError } from './retry.ts'

/** Two ends that may be gone each for itself: the API with what belongs to it, and the storage. */
export interface Outage {
  /** Without it nothing is waited for: who lists photos on a terminal wants to know soon, and who backs up wants to be told. */
  endure(): void
  readonly api: Patience
  readonly storage: Patience & {
    /** It was waited for in vain, and the run should end. */
    isLost(): boolean
  }
}

/** So long is an end waited for, once that is asked for, while it does not answer at all: a router is restarted, a train leaves its tunnel. */
const outagePatienceMs = 15 * 60 * 1000
/** Shorter ones are nobody's business. */
const quietMs = 10 * 1000
/** A request that has failed so often before another one succeeded is at fault itself; less is how an outage begins. */
const failuresOfOne = 4

interface End {
  /** When requests began to fail, by a clock that nobody sets; undefined while they succeed. */
  failingSinceMs: number | undefined
  lastSuccessMs: number
}

/**
 * Tells what a request that fails again and again cannot know of itself: whether anything else succeeds. While nothing
 * does, all of them are tried on, for 15 minutes; the user is told once that it has begun, and once that it is over.
 */
export function createOutage(clock: Pick<Clock, 'now' | 'elapsed'>, notices: Pick<Notices, 'tell'>): Outage {
  const ends = { api: newEnd(), storage: newEnd() }
  let patienceMs = 0
  let toldOf: End | undefined

  const failingMs = ({ failingSinceMs }: End): number => (failingSinceMs === undefined ? 0 : clock.elapsed() - failingSinceMs)

  function tellOnce(end: End): void {
    if (toldOf !== undefined || failingMs(end) < quietMs) return
    toldOf = end
    const until = new Date(clock.now() + patienceMs - failingMs(end))
    notices.tell(`the remote does not answer; trying until ${timeOfDay(until)}`)
  }

  /** When anything succeeded last that has to do with such a failure. */
  function lastSuccessMs(error: unknown, end: End): number {
    // Who answers, if only with trouble, is there: then it is the request that is the matter, as soon as any other succeeds.
    const related = error instanceof RetryableError ? Object.values(ends) : [end]
    return Math.max(...related.map((one) => one.lastSuccessMs))
  }

  function startRequest(end: End): RequestPatience {
    let failures = 0
    let lastFailureMs = Number.POSITIVE_INFINITY
    let failuresBeforeSuccess = 0
    return {
      succeeded() {
        failures = 0
        failuresBeforeSuccess = 0
        end.failingSinceMs = undefined
        end.lastSuccessMs = clock.elapsed()
        if (toldOf !== end) return
        toldOf = undefined
        notices.tell('the remote answers again')
      },
      failed(error) {
        if (lastSuccessMs(error, end) > lastFailureMs) failuresBeforeSuccess = failures
        failures += 1
        lastFailureMs = clock.elapsed()
        end.failingSinceMs ??= lastFailureMs
        if (failuresBeforeSuccess >= failuresOfOne || failingMs(end) >= patienceMs) return false
        if (isRefusedHere(error)) return false
        tellOnce(end)
        return true
      },
    }
  }

  return {
    endure() {
      patienceMs = outagePatienceMs
    },
    api: { start: () => startRequest(ends.api) },
    storage: { start: () => startRequest(ends.storage), isLost: () => patienceMs > 0 && failingMs(ends.storage) >= patienceMs },
  }
}

const refusedHereSchema = z.object({ code: z.literal('ECONNREFUSED'), address: z.string().regex(/^(127\.|::1$)/) })

/** Between this machine and itself no connection is lost: who served there has stopped. */
function isRefusedHere(error: unknown): boolean {
  return refusedHereSchema.safeParse(error).success
}

function newEnd(): End {
  return { failingSinceMs: undefined, lastSuccessMs: Number.NEGATIVE_INFINITY }
}

/** On this machine's clock: `02:15`. */
function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes()].map((number) => String(number).padStart(2, '0')).join(':')
}
