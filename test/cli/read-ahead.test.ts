import { describe, expect, it } from 'vitest'
import { batches } from '../../cli/read-ahead.ts'

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

function numbers(length: number) {
  const seen = { read: 0, returned: false }
  async function* count(): AsyncGenerator<number> {
    try {
      for (; seen.read < length; seen.read += 1) yield seen.read
    } finally {
      seen.returned = true
    }
  }
  return { seen, source: count() }
}

describe('batches', () => {
  it('hands over the first item at once, and then whatever has come in the meantime', async () => {
    const batching = batches(numbers(25).source, 10, new AbortController())
    const sizes: number[] = []
    for await (const batch of batching) {
      sizes.push(batch.length)
      await settle()
    }
    expect(sizes).toEqual([1, 10, 10, 4])
  })

  it('waits for a source that pauses', async () => {
    let resume = (): void => {}
    const paused = new Promise<void>((resolve) => {
      resume = resolve
    })
    async function* pausing(): AsyncGenerator<string> {
      yield 'one'
      await paused
      yield 'two'
    }
    const batching = batches(pausing(), 10, new AbortController())
    expect((await batching.next()).value).toEqual(['one'])
    const second = batching.next()
    await settle()
    resume()
    expect((await second).value).toEqual(['two'])
    expect((await batching.next()).done).toBe(true)
  })

  it('reads no more than a batch ahead', async () => {
    const { seen, source } = numbers(1000)
    const batching = batches(source, 10, new AbortController())
    await batching.next()
    await settle()
    expect(seen.read).toBeLessThanOrEqual(12)
    await batching.return(undefined)
  })

  it('passes an error on after what came before it', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1
      throw new Error('source')
    }
    const batching = batches(failing(), 10, new AbortController())
    expect((await batching.next()).value).toEqual([1])
    await expect(batching.next()).rejects.toThrow('source')
  })

  it('ends a waiting source through the controller when it is left early', async () => {
    const controller = new AbortController()
    let returned = false
    async function* waiting(): AsyncGenerator<number> {
      try {
        yield 1
        await new Promise((_resolve, reject) => controller.signal.addEventListener('abort', reject, { once: true }))
      } finally {
        returned = true
      }
    }
    const batching = batches(waiting(), 10, controller)
    await batching.next()
    await batching.return(undefined)
    expect(returned).toBe(true)
  })
})
