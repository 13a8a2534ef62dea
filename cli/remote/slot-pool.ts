import { createWaitingLine } from '../waiting-line.ts'

/** Buffers that are used again and again, so that memory does not grow with the number of transfers. */
export interface SlotPool {
  /** Waits for a free slot. Each one taken must be given back. */
  take(signal?: AbortSignal): Promise<Buffer>
  giveBack(slot: Buffer): void
}

/** At most `slots` buffers of `slotBytes`, made when they are first needed; those who wait are served in order. */
export function createSlotPool(slots: number, slotBytes: number): SlotPool {
  const free: Buffer[] = []
  const waiting = createWaitingLine<Buffer>()
  let made = 0

  return {
    async take(signal) {
      signal?.throwIfAborted()
      const slot = free.pop()
      if (slot) return slot
      if (made < slots) {
        made += 1
        return Buffer.allocUnsafeSlow(slotBytes)
      }
      return await waiting.join(signal)
    },
    giveBack(slot) {
      if (!waiting.serve(slot)) free.push(slot)
    },
  }
}
