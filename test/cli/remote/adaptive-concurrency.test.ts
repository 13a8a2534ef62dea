import { expect, test } from 'vitest'
import { type AdaptiveConcurrency, createAdaptiveConcurrency } from '../../../cli/remote/adaptive-concurrency.ts'
import { RetryableError } from '../../../cli/remote/retry.ts'

interface Transfer {
  readonly end: (error?: Error) => void
  readonly ended: Promise<unknown>
}

/** Transfers that end when the test says so; `under way` are those that had their turn. */
function transfersOf(concurrency: AdaptiveConcurrency) {
  const running: Transfer[] = []
  const start = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const ended: Promise<unknown> = concurrency
        .run(
          () =>
            new Promise<void>((resolve, reject) =>
              running.push({ end: (error) => (error ? reject(error) : resolve()), ended: Promise.resolve() }),
            ),
        )
        .catch((error: unknown) => error)
      void ended
    }
  }
  const endAll = async (error?: Error): Promise<void> => {
    for (const { end } of running.splice(0)) end(error)
    await settle()
  }
  return { start, endAll, running }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

const busy = new RetryableError('the storage answers 503')

test('begins with four, and grows by one after each full flight, up to its ceiling', async () => {
  const limits: number[] = []
  const concurrency = createAdaptiveConcurrency({ ceiling: 6, onChange: (limit) => limits.push(limit) })
  const { start, endAll, running } = transfersOf(concurrency)
  start(100)
  await settle()
  const flights: number[] = []
  for (let flight = 0; flight < 5; flight += 1) {
    flights.push(running.length)
    await endAll()
  }
  expect(flights).toEqual([4, 5, 6, 6, 6])
  expect(limits).toEqual([5, 6])
})

test('halves once for a whole flight that fails, down to one, and recovers', async () => {
  const concurrency = createAdaptiveConcurrency({ ceiling: 4 })
  const { start, endAll, running } = transfersOf(concurrency)
  start(100)
  await settle()
  const flights: number[] = []
  for (const error of [busy, busy, busy, undefined, undefined, undefined, undefined]) {
    flights.push(running.length)
    await endAll(error)
  }
  expect(flights).toEqual([4, 2, 1, 1, 2, 3, 4])
})

test.each([
  ['a refusal', new Error('403'), 4],
  ['a break', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 2],
])('%s', async (_name, error, limit) => {
  const concurrency = createAdaptiveConcurrency({ ceiling: 4 })
  await expect(concurrency.run(() => Promise.reject(error))).rejects.toBe(error)
  expect(concurrency.limit).toBe(limit)
})

test('room that nobody wants does not make it grow', async () => {
  const concurrency = createAdaptiveConcurrency({ ceiling: 64 })
  for (let times = 0; times < 100; times += 1) await concurrency.run(async () => {})
  expect(concurrency.limit).toBe(4)
})

test('who leaves the queue does not keep others from their turn', async () => {
  const concurrency = createAdaptiveConcurrency({ ceiling: 1 })
  const { start, endAll, running } = transfersOf(concurrency)
  start(1)
  const stop = new AbortController()
  const leaving = concurrency.run(async () => {}, stop.signal)
  start(1)
  stop.abort(new Error('stopped'))
  await expect(leaving).rejects.toThrow('stopped')
  await endAll()
  expect(running).toHaveLength(1)
  await endAll()
})
