import type { Clock } from '../remote/retry.ts'

export interface WaitOptions {
  readonly clock: Pick<Clock, 'delay'>
  readonly signal: AbortSignal
  /** Is given what ends the waiting early. */
  readonly onWaiting: (end: () => void) => void
}

/** Waits so many milliseconds, or until somebody ends it. Throws the signal's reason when that is aborted. */
export async function wait(milliseconds: number, { clock, signal, onWaiting }: WaitOptions): Promise<void> {
  // Not `AbortSignal.any`: some versions of Node.js keep what it makes for as long as the signals live.
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal.addEventListener('abort', end, { once: true })
  onWaiting(end)
  try {
    signal.throwIfAborted()
    await clock.delay(milliseconds, ending.signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!ending.signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Waits for the work's end. Throws the signal's reason as soon as that is aborted; who began the work has to end it. */
export async function waitFor(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  let stop = (): void => {}
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason)
  })
  signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
