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

/** What is known of the other side beyond one request. */
export interface Patience {
  /** For one request, from its first attempt to its last. */
  start(): RequestPatience
}

export interface RequestPatience {
  /** It got an answer, or got further than any attempt before. */
  succeeded(): void
  /** Its bytes move: the other side is there, whatever becomes of this request. */
  lives(): void
  /** So many milliseconds may be waited for another attempt; none when the run's time is over, and nobody answers. */
  leftMs(): number
  /** Whether the other side, which this attempt did not find, was brought back just now, so that the next one need not wait. */
  revive(error: unknown): Promise<boolean>
  /** It failed and may be tried again. Whether that is worth it although it has failed often: nothing else succeeds either. */
  failed(error: unknown): boolean
}

export interface RetryOptions {
  readonly clock: Pick<Clock, 'random' | 'delay'>
  /** Given, it is the last word; else 8, and beyond that what `patience` says. */
  readonly maximumAttempts?: number
  readonly patience?: Patience | undefined
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

const noPatience: Patience = {
  start: () => ({
    succeeded() {},
    lives() {},
    leftMs: () => Number.POSITIVE_INFINITY,
    revive: async () => false,
    failed: () => false,
  }),
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
 * Calls `attempt` until it succeeds, fails for good, or has failed `maximumAttempts` times in a row and `patience` is at its
 * end; then throws its last error. An attempt that takes long calls what it is given whenever the other side shows that it is
 * there. Waits between the attempts with full jitter (AWS Architecture Blog, "Exponential backoff and jitter"), at least as
 * long as `Retry-After` asked.
 */
export async function retry<T>(attempt: (onLife: () => void) => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, clock } = options
  const patience = (options.patience ?? noPatience).start()
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    const outcome = await settle(() => attempt(patience.lives))
    if (outcome.kind === 'done') {
      patience.succeeded()
      return outcome.result
    }
    signal?.throwIfAborted()
    const { error } = outcome
    const hasAdvanced = options.hasAdvanced?.() ?? false
    if (hasAdvanced) patience.succeeded()
    failures = hasAdvanced ? 1 : failures + 1
    if (!mayPass(error)) throw error
    const waitMs = await pauseAfter(failures, error, patience, clock)
    const isOutage = patience.failed(error)
    const leftMs = patience.leftMs()
    if (leftMs <= 0 || !isWorthAnother(failures, isOutage, options)) throw error
    await clock.delay(Math.min(waitMs, leftMs), signal)
  }
}

type Outcome<T> = { readonly kind: 'done'; readonly result: T } | { readonly kind: 'failed'; readonly error: unknown }

async function settle<T>(attempt: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'done', result: await attempt() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof RetryableError || isNetworkError(error)
}

function isWorthAnother(failures: number, isOutage: boolean, { maximumAttempts }: RetryOptions): boolean {
  if (failures < (maximumAttempts ?? defaultMaximumAttempts)) return true
  return isOutage && maximumAttempts === undefined
}

/** Who was brought back is asked at once. */
async function pauseAfter(
  failures: number,
  error: unknown,
  patience: RequestPatience,
  { random }: Pick<Clock, 'random'>,
): Promise<number> {
  return (await patience.revive(error)) ? 0 : pauseMs(failures, error, random)
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
