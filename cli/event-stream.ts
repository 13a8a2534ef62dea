import type { RunEvent } from './run-event.ts'

/** Tells what happened. Resolves once there is room for more, so that a slow listener holds back those who tell. */
export type Tell = (events: readonly RunEvent[]) => Promise<void>

/** What the stages of a run tell, for one listener to iterate. */
export interface EventStream extends AsyncIterable<RunEvent> {
  /** The same, as many at a time as have come: one at a time takes a microsecond each. For one listener, of this kind or of the other. */
  batches(): AsyncGenerator<readonly RunEvent[]>
  readonly tell: Tell
  /** Bytes that went over the network just now; added up until the listener comes by. */
  moved(sizeBytes: number): void
  /** Nothing more will be told. With an error, the listener gets it after the last event. */
  end(failure?: { readonly error: unknown }): void
}

/** So many events wait for the listener before those who tell have to wait. */
const capacity = 5000

export function createEventStream(): EventStream {
  let events: RunEvent[] = []
  let movedBytes = 0
  let ending: { readonly failure: { readonly error: unknown } | undefined } | undefined
  let wakeListener = (): void => {}
  let wakeTellers: (() => void)[] = []

  function makeRoom(): void {
    for (const wake of wakeTellers) wake()
    wakeTellers = []
  }

  function takeAll(): readonly RunEvent[] {
    const taken = events
    events = []
    if (movedBytes !== 0) taken.push({ kind: 'moved', sizeBytes: movedBytes })
    movedBytes = 0
    makeRoom()
    return taken
  }

  async function* listen(): AsyncGenerator<readonly RunEvent[]> {
    for (;;) {
      const taken = takeAll()
      if (taken.length > 0) yield taken
      if (events.length > 0 || movedBytes !== 0) continue
      if (ending?.failure) throw ending.failure.error
      if (ending) return
      await new Promise<void>((resolve) => {
        wakeListener = resolve
      })
    }
  }

  return {
    async tell(told) {
      // Not all as arguments of one call: these lie on the stack.
      for (const event of told) events.push(event)
      wakeListener()
      if (events.length < capacity || ending) return
      await new Promise<void>((resolve) => wakeTellers.push(resolve))
    },
    moved(sizeBytes) {
      movedBytes += sizeBytes
      wakeListener()
    },
    end(failure) {
      ending ??= { failure }
      wakeListener()
      makeRoom()
    },
    batches: listen,
    async *[Symbol.asyncIterator]() {
      for await (const batch of listen()) yield* batch
    },
  }
}
