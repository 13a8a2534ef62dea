import { expect, test } from 'vitest'
import { parseRetryAfter, RetryableError, type RetryOptions, retry } from '../../../cli/remote/retry.ts'

function clockOf(random: number): { readonly clock: RetryOptions['clock']; readonly pausesMs: number[] } {
  const pausesMs: number[] = []
  const delay = async (milliseconds: number): Promise<void> => void pausesMs.push(milliseconds)
  return { clock: { random: () => random, delay }, pausesMs }
}

/** Fails so many times, then succeeds. */
function failing(times: number, error: Error): { attempt: () => Promise<string>; attempts: () => number } {
  let attempts = 0
  return {
    attempt: async () => {
      attempts += 1
      if (attempts <= times) throw error
      return 'done'
    },
    attempts: () => attempts,
  }
}

test('waits longer after each failure, up to 30 s, with full jitter', async () => {
  const { clock, pausesMs } = clockOf(0.5)
  const { attempt, attempts } = failing(99, new RetryableError('busy'))
  await expect(retry(attempt, { clock, maximumAttempts: 10 })).rejects.toThrow('busy')
  expect(attempts()).toBe(10)
  expect(pausesMs).toEqual([125, 250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000])
})

test('waits at least as long as Retry-After asks, but not for hours', async () => {
  const { clock, pausesMs } = clockOf(0)
  await retry(failing(1, new RetryableError('busy', { retryAfterMs: 7000 })).attempt, { clock })
  await retry(failing(1, new RetryableError('busy', { retryAfterMs: 86_400_000 })).attempt, { clock })
  expect(pausesMs).toEqual([7000, 120_000])
})

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'HPE_INVALID_CONSTANT'])('tries again after %s', async (code) => {
  const { attempt } = failing(2, Object.assign(new Error('network'), { code }))
  expect(await retry(attempt, { clock: clockOf(0).clock })).toBe('done')
})

test.each(['ENOSPC', 'ENOENT', 'ERR_INVALID_URL', undefined])('does not try again after %s', async (code) => {
  const { attempt, attempts } = failing(1, Object.assign(new Error('no'), { code }))
  await expect(retry(attempt, { clock: clockOf(0).clock })).rejects.toThrow('no')
  expect(attempts()).toBe(1)
})

test('counts anew when an attempt got further', async () => {
  const { attempt, attempts } = failing(20, new RetryableError('busy'))
  const options: RetryOptions = { clock: clockOf(0).clock, maximumAttempts: 2, hasAdvanced: () => attempts() < 10 }
  await expect(retry(attempt, options)).rejects.toThrow('busy')
  expect(attempts()).toBe(10)
})

test('an abort ends it at once, with its own reason', async () => {
  const stop = new AbortController()
  const attempt = async (): Promise<never> => {
    stop.abort(new Error('stopped by SIGINT'))
    throw new RetryableError('busy')
  }
  await expect(retry(attempt, { clock: clockOf(0).clock, signal: stop.signal })).rejects.toThrow('stopped by SIGINT')
})

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000],
  ['Wed, 31 Dec 1969 00:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After %s is %s ms', (header, expected) => {
  expect(parseRetryAfter(header, 1000)).toBe(expected)
})
