import { describe, expect, it } from 'vitest'
import { createPartBuffers } from '../../../cli/sync/part-buffers.ts'

const { signal } = new AbortController()

describe('part buffers', () => {
  it('stay within the budget, and serve those who wait in order', async () => {
    const buffers = createPartBuffers(10)
    const first = await buffers.take(6, signal)
    const served: string[] = []
    const second = buffers.take(6, signal).then((buffer) => {
      served.push('second')
      return buffer
    })
    const third = buffers.take(4, signal).then((buffer) => {
      served.push('third')
      return buffer
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(served).toEqual([])
    buffers.giveBack(first)
    expect([(await second).length, (await third).length]).toEqual([6, 4])
    expect(served).toEqual(['second', 'third'])
  })

  it('let a part that is larger than the budget go alone', async () => {
    const buffers = createPartBuffers(10)
    const small = await buffers.take(1, signal)
    const large = buffers.take(100, signal)
    buffers.giveBack(small)
    expect((await large).length).toBe(100)
  })

  it('forget who was aborted while waiting', async () => {
    const buffers = createPartBuffers(10)
    const first = await buffers.take(10, signal)
    const controller = new AbortController()
    const aborted = buffers.take(10, controller.signal)
    const patient = buffers.take(5, signal)
    controller.abort(new Error('stop'))
    await expect(aborted).rejects.toThrow('stop')
    buffers.giveBack(first)
    expect((await patient).length).toBe(5)
  })

  it('use the same memory again', async () => {
    const buffers = createPartBuffers(10)
    const first = await buffers.take(10, signal)
    buffers.giveBack(first)
    expect(await buffers.take(10, signal)).toBe(first)
  })
})
