import { expect, test } from 'vitest'
import { createRunLimits } from '../../cli/run-limits.ts'

function clockInTest() {
  let elapsedMs = 5000
  return {
    elapsed: () => elapsedMs,
    pass(milliseconds: number) {
      elapsedMs += milliseconds
    },
  }
}

test('without limits it goes on for ever', () => {
  const clock = clockInTest()
  const limits = createRunLimits({}, clock)
  clock.pass(1e12)
  limits.moved(1e15)
  expect(limits.isReached()).toBe(false)
  expect(limits.events()).toEqual([])
})

test('the time counts from its beginning', () => {
  const clock = clockInTest()
  const limits = createRunLimits({ longestMs: 60_000 }, clock)
  clock.pass(59_999)
  expect(limits.isReached()).toBe(false)
  clock.pass(1)
  expect(limits.isReached()).toBe(true)
  expect(limits.events()).toEqual([]) // everything was done by then
  limits.leave(1)
  const message = 'the time that --max-duration gives is over: 1 file is left for the next run'
  expect(limits.events()).toEqual([{ kind: 'incomplete', exitCode: 16, message }])
})

test('bytes that went in vain went all the same', () => {
  const limits = createRunLimits({ mostBytes: 1000 }, clockInTest())
  limits.moved(600)
  limits.moved(-600)
  limits.moved(399)
  expect(limits.isReached()).toBe(false)
  limits.moved(1)
  limits.leave(2)
  expect(limits.isReached()).toBe(true)
  const message = 'as much has been moved as --max-transfer allows: 2 files are left for the next run'
  expect(limits.events()).toMatchObject([{ message }])
  limits.leaveRest()
  expect(limits.events()).toMatchObject([{ message: expect.stringContaining('the rest is left for the next run') }])
})
