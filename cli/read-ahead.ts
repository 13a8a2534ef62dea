/** A source that is read while its reader is busy. */
export interface ReadAhead<T> {
  /** Resolves when there is something to take or nothing will come any more. Rejects with the source's error. */
  arrival(): Promise<void>
  /** What is there, at most so much, without waiting. */
  take(most: number): readonly T[]
  /** Must be called in the end. Before the source's end, it aborts the controller and waits for the source to return. */
  close(): Promise<void>
}

/** Reads at most `capacity` items ahead. The source must end when `controller` is aborted. */
export function readAhead<T>(source: AsyncIterable<T>, capacity: number, controller: AbortController): ReadAhead<T> {
  const items: T[] = []
  let isClosed = false
  let ending: { readonly failure?: { readonly error: unknown } } | undefined
  let wakeReader = (): void => {}
  let wakeSource = (): void => {}

  async function pump(): Promise<void> {
    for await (const item of source) {
      items.push(item)
      wakeReader()
      if (isClosed) return
      if (items.length < capacity) continue
      await new Promise<void>((resolve) => {
        wakeSource = resolve
      })
    }
  }

  const pumping = pump()
    .then(
      () => {
        ending = {}
      },
      (error: unknown) => {
        ending = { failure: { error } }
      },
    )
    .then(() => wakeReader())

  return {
    async arrival() {
      if (items.length === 0 && !ending) {
        await new Promise<void>((resolve) => {
          wakeReader = resolve
        })
      }
      if (items.length === 0 && ending?.failure) throw ending.failure.error
    },
    take(most) {
      const taken = items.splice(0, most)
      if (items.length < capacity) wakeSource()
      return taken
    },
    async close() {
      if (ending) return
      isClosed = true
      controller.abort()
      wakeSource()
      await pumping
    },
  }
}

/**
 * Gathers a source into batches of at most `most`: whatever has come while the batch before was in work. The first item
 * thus waits for no other, and batches fill up as soon as the reader is the slower one; no timer is needed.
 * Leaving early aborts `controller`, on which the source must end.
 */
export async function* batches<T>(
  source: AsyncIterable<T>,
  most: number,
  controller: AbortController,
): AsyncGenerator<readonly T[]> {
  const ahead = readAhead(source, most, controller)
  try {
    for (;;) {
      await ahead.arrival()
      const batch = ahead.take(most)
      if (batch.length === 0) return
      yield batch
    }
  } finally {
    await ahead.close()
  }
}
