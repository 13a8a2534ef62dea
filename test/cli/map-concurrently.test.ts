import { describe, expect, it, onTestFinished } from 'vitest'
import { mapConcurrently } from '../../cli/map-concurrently.ts'

interface Gate {
  readonly opened: Promise<void>
  open(): void
}

function gate(): Gate {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** Lets everything that is ready to run, run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

function countingSource(length: number) {
  const seen = { read: 0, returned: false }
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let number = 0; number < length; number += 1) {
        seen.read += 1
        yield number
      }
    } finally {
      seen.returned = true
    }
  }
  return { seen, numbers: numbers() }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

describe('mapConcurrently', () => {
  it('maps every item, of plain iterables too', async () => {
    const double = async (number: number): Promise<number> => number * 2
    expect((await collect(mapConcurrently(countingSource(5).numbers, 3, double))).sort()).toEqual([0, 2, 4, 6, 8])
    expect(await collect(mapConcurrently([1, 2, 3], 1, double))).toEqual([2, 4, 6])
    expect(await collect(mapConcurrently([], 2, double))).toEqual([])
  })

  it('yields results as they are finished, not in the order of the source', async () => {
    const slow = gate()
    const results = mapConcurrently(['slow', 'quick'], 2, async (name) => {
      if (name === 'slow') await slow.opened
      return name
    })
    expect((await results.next()).value).toBe('quick')
    slow.open()
    expect((await results.next()).value).toBe('slow')
  })

  it('never runs more than the limit at a time', async () => {
    let running = 0
    let most = 0
    await collect(
      mapConcurrently(countingSource(20).numbers, 3, async () => {
        running += 1
        most = Math.max(most, running)
        await settle()
        running -= 1
      }),
    )
    expect(most).toBe(3)
  })

  it('reads no further while nobody takes results', async () => {
    const { seen, numbers } = countingSource(1000)
    const results = mapConcurrently(numbers, 2, async (number) => number)
    await settle()
    expect(seen.read).toBe(0)
    await results.next()
    await settle()
    expect(seen.read).toBeLessThanOrEqual(4)
    await results.return()
  })

  it('hands over finished results while the source is slow', async () => {
    const more = gate()
    async function* slowly(): AsyncGenerator<string> {
      yield 'first'
      await more.opened
      yield 'second'
    }
    const results = mapConcurrently(slowly(), 2, async (name) => name)
    expect((await results.next()).value).toBe('first')
    more.open()
    expect((await results.next()).value).toBe('second')
  })

  it('ends with the first error, aborts the other tasks and waits for them', async () => {
    const { seen, numbers } = countingSource(10)
    const ended: number[] = []
    const results = mapConcurrently(numbers, 3, async (number, signal) => {
      if (number === 1) throw new Error('first')
      await untilAborted(signal).catch(() => {})
      await settle()
      ended.push(number)
      throw new Error('later')
    })
    await expect(collect(results)).rejects.toThrow('first')
    expect(ended).toContain(0)
    expect(seen.returned).toBe(true)
  })

  it('passes on an error of the source after the running tasks have ended', async () => {
    let ended = false
    async function* broken(): AsyncGenerator<number> {
      yield 1
      throw new Error('source')
    }
    const results = mapConcurrently(broken(), 2, async (_number, signal) => {
      await untilAborted(signal).catch(() => {})
      ended = true
    })
    await expect(collect(results)).rejects.toThrow('source')
    expect(ended).toBe(true)
  })

  it('returns the source and stops the tasks when it is left early', async () => {
    const { seen, numbers } = countingSource(10)
    let started = 0
    let aborted = 0
    const results = mapConcurrently(numbers, 3, async (number, signal) => {
      if (number === 2) return number
      started += 1
      await untilAborted(signal).catch(() => {
        aborted += 1
      })
      return number
    })
    for await (const number of results) {
      expect(number).toBe(2)
      break
    }
    expect(seen.returned).toBe(true)
    expect(started).toBe(2)
    expect(aborted).toBe(2)
  })

  it('ends at once when the signal is aborted', async () => {
    const controller = new AbortController()
    const { seen, numbers } = countingSource(10)
    const results = collect(
      mapConcurrently(numbers, 2, async (_number, signal) => await untilAborted(signal), { signal: controller.signal }),
    )
    await settle()
    controller.abort(new Error('stop'))
    await expect(results).rejects.toThrow('stop')
    expect(seen.returned).toBe(true)
  })

  it('lets a waiting source end on the controller when a task fails', async () => {
    const controller = new AbortController()
    async function* waiting(): AsyncGenerator<number> {
      yield 1
      await untilAborted(controller.signal)
    }
    const results = mapConcurrently(
      waiting(),
      2,
      async () => {
        await settle()
        throw new Error('task')
      },
      { controller },
    )
    await expect(collect(results)).rejects.toThrow('task')
  })

  it('leaves the controller alone when it comes to its end', async () => {
    const controller = new AbortController()
    await collect(mapConcurrently([1, 2], 2, async (number) => number, { controller }))
    expect(controller.signal.aborted).toBe(false)
  })

  it('starts nothing when the signal was aborted before', async () => {
    const { seen, numbers } = countingSource(10)
    const results = mapConcurrently(numbers, 2, async (number) => number, { signal: AbortSignal.abort(new Error('stop')) })
    await expect(collect(results)).rejects.toThrow('stop')
    expect(seen.read).toBe(0)
  })
})

it('lets many tasks listen to their signal at once, and Node warns of no leak', async () => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const { signal } = new AbortController()
  const task = async (item: number, taskSignal: AbortSignal): Promise<number> => {
    taskSignal.addEventListener('abort', () => {})
    return item
  }
  const items = Array.from({ length: 64 }, (_, index) => index)
  expect(await collect(mapConcurrently(items, 64, task, { signal }))).toHaveLength(64)
  await new Promise((resolve) => setImmediate(resolve)) // warnings come a tick later
  expect(warnings).toEqual([])
})
