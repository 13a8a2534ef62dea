import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'

export interface MapConcurrentlyOptions {
  readonly signal?: AbortSignal | undefined
  /** Aborted when the iteration ends early, by what made it end, so that the source can end on its signal, too. */
  readonly controller?: AbortController | undefined
}

type Arrival<T, R> =
  | { readonly kind: 'read'; readonly read: IteratorResult<T, unknown> }
  | { readonly kind: 'finished'; readonly result: R }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * Runs `task` for the items of `source`, at most `concurrency` at a time, and yields the results as they are finished.
 *
 * Back-pressure: an item is read only when a task is free and someone waits for a result. The first error thrown by the
 * source, a task or `signal` ends the iteration; it, and leaving early, aborts the signal that the tasks were given, waits
 * for them to end, and calls the source's `return()`. A source that may wait must end on `signal` or on `controller`'s.
 */
export async function* mapConcurrently<T, R>(
  source: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  task: (item: T, signal: AbortSignal) => Promise<R>,
  options: MapConcurrentlyOptions = {},
): AsyncGenerator<R, void, undefined> {
  const limit = pLimit(concurrency)
  const leaving = options.controller ?? new AbortController()
  const signal = eitherOf(leaving.signal, options.signal)
  setMaxListeners(0, signal) // as many as there are tasks: Node would warn the user of a leak from the eleventh on
  const work = createWorkUnderWay<Arrival<T, R>>((error) => ({ kind: 'failed', error }))
  const abort = (): void => work.interrupt({ kind: 'failed', error: signal.reason })
  signal.addEventListener('abort', abort, { once: true })
  const iterator = iterate(source)
  let isOver = false
  try {
    signal.throwIfAborted()
    yield* drive(iterator, concurrency, work, (item) => limit(task, item, signal))
    isOver = true
  } catch (error) {
    leaving.abort(error)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
    if (!isOver) {
      leaving.abort()
      await work.settled()
      await iterator.return?.()
    }
  }
}

async function* drive<T, R>(
  source: AsyncIterator<T, unknown>,
  concurrency: number,
  work: WorkUnderWay<Arrival<T, R>>,
  start: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  let reading: 'paused' | 'waiting' | 'ended' = 'paused'
  for (;;) {
    if (reading === 'paused' && work.size() < concurrency) {
      reading = 'waiting'
      work.add(source.next().then((read) => ({ kind: 'read', read })))
    }
    if (work.size() === 0) return
    const arrival = await work.next()
    if (arrival.kind === 'failed') throw arrival.error
    if (arrival.kind === 'finished') {
      yield arrival.result
      continue
    }
    const { read } = arrival
    reading = read.done ? 'ended' : 'paused'
    if (!read.done) work.add(start(read.value).then((result) => ({ kind: 'finished', result })))
  }
}

interface WorkUnderWay<A> {
  /** Those that run, and those whose results wait to be taken. */
  size(): number
  add(work: Promise<A>): void
  /** To be taken before all others. */
  interrupt(arrival: A): void
  next(): Promise<A>
  settled(): Promise<void>
}

/**
 * Promises whose results are taken in the order in which they arrive. Not `Promise.race`, which leaves a reaction behind on
 * every promise that has not settled, such as the one of a source that is waited for all along.
 */
function createWorkUnderWay<A>(failed: (error: unknown) => A): WorkUnderWay<A> {
  const running = new Set<Promise<void>>()
  const arrived: A[] = []
  let wake = (): void => {}
  return {
    size: () => running.size + arrived.length,
    add(work) {
      const tracked: Promise<void> = work.catch(failed).then((arrival) => {
        running.delete(tracked)
        arrived.push(arrival)
        wake()
      })
      running.add(tracked)
    },
    interrupt(arrival) {
      arrived.unshift(arrival)
      wake()
    },
    async next() {
      for (;;) {
        const arrival = arrived.shift()
        if (arrival !== undefined) return arrival
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async settled() {
      await Promise.all(running)
    },
  }
}

function eitherOf(own: AbortSignal, given: AbortSignal | undefined): AbortSignal {
  return given ? AbortSignal.any([given, own]) : own
}

function iterate<T>(source: AsyncIterable<T> | Iterable<T>): AsyncIterator<T, unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  const iterator = source[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  }
}
