import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { createWaitingLine } from '../../cli/waiting-line.ts'

test('serves in the order in which they came, and says when nobody waits', async () => {
  const line = createWaitingLine<string>()
  const served = Promise.all([line.join(undefined), line.join(undefined)])
  expect([line.length, line.serve('a'), line.serve('b'), line.serve('c'), line.length]).toEqual([2, true, true, false, 0])
  expect(await served).toEqual(['a', 'b'])
})

test('who is aborted leaves the line, and nothing listens any more to who was served', async () => {
  const line = createWaitingLine<string>()
  const [given, other] = [new AbortController(), new AbortController()]
  const [first, second] = [line.join(given.signal), line.join(other.signal)]
  given.abort(new Error('enough'))
  await expect(first).rejects.toThrow('enough')
  expect(line.serve('a')).toBe(true)
  expect(await second).toBe('a')
  expect(getEventListeners(other.signal, 'abort')).toEqual([])
})
