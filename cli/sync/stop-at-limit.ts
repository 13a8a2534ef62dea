import type { RunLimits } from '../run-limits.ts'
import type { OriginalSender } from './original-sender.ts'

/** A large original whose rest is left for the next run. */
export class LimitReachedError extends Error {
  override readonly name = 'LimitReachedError'
}

/** Passes items on until a limit is reached, and counts the others: their source goes on to its end, as what it finds is needed. */
export async function* untilLimit<T>(items: AsyncIterable<T>, limits: RunLimits): AsyncGenerator<T> {
  for await (const item of items) {
    if (limits.isReached()) limits.leave(1)
    else yield item
  }
}

/**
 * Sends no new part of a large original once a limit is reached, and whole originals always: they have begun. Throws a
 * {@link LimitReachedError}, after the parts that are on their way have arrived: they need not go again.
 */
export function stopAtParts(sender: OriginalSender, limits: RunLimits): OriginalSender {
  const onTheirWay = new Set<Promise<unknown>>()
  return {
    sendRange: sender.sendRange,
    async sendBytes(...part) {
      if (limits.isReached()) {
        await Promise.allSettled(onTheirWay)
        throw new LimitReachedError('the limit of this run is reached')
      }
      const sending = sender.sendBytes(...part)
      onTheirWay.add(sending)
      try {
        return await sending
      } finally {
        onTheirWay.delete(sending)
      }
    },
  }
}
