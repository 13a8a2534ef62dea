export interface Sweeping {
  /** Stops, after what is under way. */
  close(): Promise<void>
}

export interface SweepingOptions {
  readonly everyMs: number
  readonly onFailure: (error: unknown) => void
}

/** Sweeps now and then regularly, one sweep at a time; does not keep the process running. A sweep that fails is tried again at its next turn. */
export function sweepRegularly(sweep: (signal: AbortSignal) => Promise<void>, { everyMs, onFailure }: SweepingOptions): Sweeping {
  const closing = new AbortController()
  let underWay: Promise<void> | undefined
  const begin = () => {
    underWay ??= sweep(closing.signal)
      .catch(onFailure)
      .finally(() => {
        underWay = undefined
      })
  }
  const timer = setInterval(begin, everyMs).unref()
  begin()
  return {
    async close() {
      clearInterval(timer)
      closing.abort()
      await underWay
    },
  }
}
