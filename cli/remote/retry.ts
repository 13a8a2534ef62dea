import { errorCode } from '../error-code.ts'

/** Waits so many milliseconds; rejects at once when the signal is aborted. */
export type Delay = (milliseconds: number, signal?: AbortSignal) => Promise<void>

/** What waiting depends on; given from outside, so that tests neither sleep nor throw dice. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds since no matter when, by a clock that nobody sets: for how long something took. */
  readonly elapsed: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly delay: Delay
}

export interface RetryOptions {
  readonly clock: Pick<Clock, 'random' | 'delay'>
  readonly maximumAttempts?: number
  /** Asked after each failure: when the attempt got further than the one before, counting starts anew. */
  readonly hasAdvanced?: () => boolean
  readonly signal?: AbortSignal | undefined
}

/** The other side asked for another attempt. */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError'
  /** What its `Retry-After` asked for. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs
  }
}

const defaultMaximumAttempts = 8
const baseMs = 250
const capMs = 30_000
/** A remote that asks for a longer pause is asked again after this one. */
const longestRetryAfterMs = 120_000

const passingNetworkErrors = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Whether the network, not the other side, made this attempt fail. */
export function isNetworkError(error: unknown): boolean {
  const code = errorCode(error)
  // HPE_…: what came over the connection was not HTTP, as when a proxy cuts an answer short.
  return code !== undefined && (passingNetworkErrors.has(code) || code.startsWith('HPE_'))
}

/**
 * Calls `attempt` until it succeeds, fails for good, or has failed `maximumAttempts` times in a row; then throws its last
 * error. Waits between the attempts with full jitter (AWS Architecture Blog, "Exponential backoff and jitter"), at least
 * as long as `Retry-After` asked.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const maximumAttempts = options.maximumAttempts ?? defaultMaximumAttempts
  for (let failures = 0; ; ) {
    options.signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      options.signal?.throwIfAborted()
      failures = options.hasAdvanced?.() ? 1 : failures + 1
      if (failures >= maximumAttempts || !(error instanceof RetryableError || isNetworkError(error))) throw error
      await options.clock.delay(pauseMs(failures, error, options.clock.random), options.signal)
    }
  }
}

function pauseMs(failures: number, error: unknown, random: () => number): number {
  const jittered = random() * Math.min(capMs, baseMs * 2 ** (failures - 1))
  const asked = error instanceof RetryableError ? (error.retryAfterMs ?? 0) : 0
  return Math.round(Math.max(jittered, Math.min(asked, longestRetryAfterMs)))
}

/** Milliseconds that a `Retry-After` header asks to wait: seconds or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header.trim()) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}
