/** Buffers for parts on their way, all of them together within one budget. */
export interface PartBuffers {
  /** Waits until the budget allows it; a part larger than the whole budget gets its turn alone. */
  take(sizeBytes: number, signal: AbortSignal): Promise<Buffer>
  giveBack(buffer: Buffer): void
}

interface Waiting {
  readonly sizeBytes: number
  readonly resolve: (buffer: Buffer) => void
}

export function createPartBuffers(budgetBytes: number): PartBuffers {
  let takenBytes = 0
  let spare: Buffer | undefined
  const waiting: Waiting[] = []

  const fits = (sizeBytes: number): boolean => takenBytes === 0 || takenBytes + sizeBytes <= budgetBytes

  function allocate(sizeBytes: number): Buffer {
    takenBytes += sizeBytes
    const buffer = spare?.length === sizeBytes ? spare : Buffer.allocUnsafeSlow(sizeBytes)
    spare = undefined
    return buffer
  }

  function serve(): void {
    for (let next = waiting[0]; next && fits(next.sizeBytes); next = waiting[0]) {
      waiting.shift()
      next.resolve(allocate(next.sizeBytes))
    }
  }

  return {
    async take(sizeBytes, signal) {
      signal.throwIfAborted()
      if (waiting.length === 0 && fits(sizeBytes)) return allocate(sizeBytes)
      return await new Promise((resolve, reject) => {
        const entry: Waiting = {
          sizeBytes,
          resolve: (buffer) => {
            signal.removeEventListener('abort', onAbort)
            resolve(buffer)
          },
        }
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(entry), 1)
          reject(signal.reason)
          serve()
        }
        waiting.push(entry)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    giveBack(buffer) {
      takenBytes -= buffer.length
      spare = buffer
      serve()
    },
  }
}
