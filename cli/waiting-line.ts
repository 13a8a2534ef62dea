/** Those who wait for something of which there is too little, in the order in which they came. */
export interface WaitingLine<T> {
  readonly length: number
  /** Waits for its turn, and leaves the line when the signal is aborted. */
  join(signal: AbortSignal | undefined): Promise<T>
  /** Gives something to the first in the line; false where nobody waits. */
  serve(something: T): boolean
}

export function createWaitingLine<T>(): WaitingLine<T> {
  const waiting: ((something: T) => void)[] = []
  return {
    get length() {
      return waiting.length
    },
    join: (signal) =>
      new Promise((resolve, reject) => {
        const onTurn = (something: T): void => {
          signal?.removeEventListener('abort', onAbort)
          resolve(something)
        }
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(onTurn), 1)
          reject(signal?.reason)
        }
        waiting.push(onTurn)
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    serve(something) {
      const next = waiting.shift()
      next?.(something)
      return next !== undefined
    },
  }
}
