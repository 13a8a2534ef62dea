import pLimit from 'p-limit'

export interface MapConcurrentlyOptions {
  readonly signal?: AbortSignal | undefined
  /** Aborted when the iteration ends early, so that the source can end on its signal, too. */
  readonly controller?: AbortController | undefined
}

type Step<T, R> = { readonly self: Promise<Step<T, R>> } & (
  | { readonly kind: 'read'; readonly read: IteratorResult<T, unknown> }
  | { readonly kind: 'finished'; readonly result: R }
)

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
  const aborted = onceAborted(signal)
  const iterator = iterate(source)
  /** The tasks that run and, at most once, the reading of the next item. */
  const underWay = new Set<Promise<Step<T, R>>>()
  let reading: 'paused' | 'waiting' | 'ended' = 'paused'
  let isOver = false

  const readNext = (): void => {
    reading = 'waiting'
    const self: Promise<Step<T, R>> = iterator.next().then((read) => ({ self, kind: 'read', read }))
    underWay.add(self)
  }
  const start = (item: T): void => {
    const self: Promise<Step<T, R>> = limit(task, item, signal).then((result) => ({ self, kind: 'finished', result }))
    underWay.add(self)
  }

  try {
    for (;;) {
      signal.throwIfAborted()
      if (reading === 'paused' && underWay.size < concurrency) readNext()
      isOver = underWay.size === 0
      if (isOver) return
      const step = await Promise.race([aborted.promise, ...underWay])
      underWay.delete(step.self)
      if (step.kind === 'finished') {
        yield step.result
        continue
      }
      reading = step.read.done ? 'ended' : 'paused'
      if (!step.read.done) start(step.read.value)
    }
  } finally {
    aborted.forget()
    if (!isOver) await leave(leaving, underWay, iterator)
  }
}

function eitherOf(own: AbortSignal, given: AbortSignal | undefined): AbortSignal {
  return given ? AbortSignal.any([given, own]) : own
}

async function leave(
  leaving: AbortController,
  underWay: Iterable<Promise<unknown>>,
  source: AsyncIterator<unknown>,
): Promise<void> {
  leaving.abort()
  await Promise.allSettled(underWay)
  await source.return?.()
}

function iterate<T>(source: AsyncIterable<T> | Iterable<T>): AsyncIterator<T, unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  const iterator = source[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  }
}

/** A promise that rejects when the signal is aborted, and leaves no listener behind once forgotten. */
function onceAborted(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let listener = (): void => {}
  const promise = new Promise<never>((_resolve, reject) => {
    listener = () => reject(signal.reason)
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
  })
  // The race may have been won by another before; then nobody waits for this one.
  promise.catch(() => {})
  return { promise, forget: () => signal.removeEventListener('abort', listener) }
}
