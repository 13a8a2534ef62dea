import { createWaitingLine } from '../waiting-line.ts'
import { isNetworkError, RetryableError } from './retry.ts'

export interface ConcurrencyOptions {
  /** Never more than so many at once. */
  readonly ceiling: number
  readonly onChange?: ((limit: number) => void) | undefined
}

/**
 * How many transfers go on at once, as many as the line and the storage can take: one more after as many successes as there
 * were transfers at once, half as many after a failure that speaks of too much (429, 503, a timeout, a connection that breaks).
 * Additive increase, multiplicative decrease (RFC 5681, 3.1).
 */
export interface AdaptiveConcurrency {
  /** Waits for its turn, in order, and hears from how the transfer ends. */
  run<T>(transfer: () => Promise<T>, signal?: AbortSignal): Promise<T>
  readonly limit: number
  /** The limit starts anew. */
  configure(options: ConcurrencyOptions): void
}

const firstLimit = 4

export function createAdaptiveConcurrency(given: ConcurrencyOptions): AdaptiveConcurrency {
  let options = given
  let limit = Math.min(firstLimit, given.ceiling)
  let running = 0
  let successes = 0
  /** Counts the decreases: what began before the last one tells nothing new. */
  let flight = 0
  const waiting = createWaitingLine<void>()

  function change(next: number): void {
    successes = 0
    if (next === limit) return
    limit = next
    options.onChange?.(limit)
    serve()
  }

  function serve(): void {
    while (running < limit && waiting.serve()) running += 1
  }

  function succeeded(): void {
    // Room that nobody wanted says nothing of the line.
    if (running + waiting.length < limit) return
    successes += 1
    if (successes >= limit) change(Math.min(limit + 1, options.ceiling))
  }

  function failed(error: unknown, began: number): void {
    if (began !== flight || !(error instanceof RetryableError || isNetworkError(error))) return
    flight += 1
    change(Math.max(1, Math.floor(limit / 2)))
  }

  async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (running < limit && waiting.length === 0) running += 1
    else await waiting.join(signal)
  }

  return {
    async run(transfer, signal) {
      await takeTurn(signal)
      const began = flight
      try {
        const result = await transfer()
        succeeded()
        return result
      } catch (error) {
        if (!signal?.aborted) failed(error, began)
        throw error
      } finally {
        running -= 1
        serve()
      }
    },
    get limit() {
      return limit
    },
    configure(changed) {
      options = changed
      limit = Math.min(firstLimit, changed.ceiling)
      serve()
    },
  }
}
