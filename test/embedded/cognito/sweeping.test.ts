import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sweepRegularly } from '../../../embedded/cognito/sweeping.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('sweeps at once and then regularly, also after a failure, until it is closed', async () => {
  let sweeps = 0
  const failures: unknown[] = []
  const sweep = async () => {
    sweeps += 1
    if (sweeps === 2) throw new Error('the disk is gone')
  }
  const sweeping = sweepRegularly(sweep, { everyMs: 1000, onFailure: (error) => failures.push(error) })
  expect(sweeps).toBe(1)
  await vi.advanceTimersByTimeAsync(3000)
  expect([sweeps, failures]).toEqual([4, [new Error('the disk is gone')]])
  await sweeping.close()
  await vi.advanceTimersByTimeAsync(3000)
  expect(sweeps).toBe(4)
})

test('one sweep at a time, and closing ends the one that is under way', async () => {
  const begun: AbortSignal[] = []
  let isOver = false
  const sweep = async (signal: AbortSignal) => {
    begun.push(signal)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    isOver = true
  }
  const sweeping = sweepRegularly(sweep, { everyMs: 1000, onFailure: () => {} })
  await vi.advanceTimersByTimeAsync(5000)
  expect([begun.length, isOver]).toEqual([1, false])
  await sweeping.close()
  expect(isOver).toBe(true)
})
