/** Buffers that are used again and again, so that memory does not grow with the number of transfers. */
export interface SlotPool {
  readonly slotBytes: number
  /** Waits for a free slot. Each one taken must be given back. */
  take(signal?: AbortSignal): Promise<Buffer>
  giveBack(slot: Buffer): void
}

/** At most `slots` buffers of `slotBytes`, made when they are first needed; those who wait are served in order. */
export function createSlotPool(slots: number, slotBytes: number): SlotPool {
  const free: Buffer[] = []
  const waiting: ((slot: Buffer) => void)[] = []
  let made = 0

  return {
    slotBytes,
    async take(signal) {
      signal?.throwIfAborted()
      const slot = free.pop()
      if (slot) return slot
      if (made < slots) {
        made += 1
        return Buffer.allocUnsafeSlow(slotBytes)
      }
      return await waitForSlot(waiting, signal)
    },
    giveBack(slot) {
      const next = waiting.shift()
      if (next) next(slot)
      else free.push(slot)
    },
  }
}

function waitForSlot(waiting: ((slot: Buffer) => void)[], signal: AbortSignal | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onSlot = (slot: Buffer): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve(slot)
    }
    const onAbort = (): void => {
      waiting.splice(waiting.indexOf(onSlot), 1)
      reject(signal?.reason)
    }
    waiting.push(onSlot)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
