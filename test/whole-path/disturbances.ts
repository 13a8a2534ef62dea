import fc from 'fast-check'
import type { Fault } from './fault-proxy.ts'

/** What happens to a run: it is ended at an event or a request (which still arrives), or some requests come to harm. */
export type Disturbance =
  | { readonly kind: 'none' }
  | { readonly kind: 'killed-at-event'; readonly count: number }
  | { readonly kind: 'killed-at-request'; readonly count: number }
  | { readonly kind: 'faults'; readonly faults: readonly Harm[] }

type Harm = 'none' | 'busy' | 'reset' | 'cut-answer'

export const disturbances: fc.Arbitrary<Disturbance> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('killed-at-event' as const), count: fc.nat(12) }),
  fc.record({ kind: fc.constant('killed-at-request' as const), count: fc.nat(16) }),
  fc.record({
    kind: fc.constant('faults' as const),
    faults: fc.array(fc.constantFrom<Harm>('none', 'none', 'busy', 'reset', 'cut-answer'), { maxLength: 20 }),
  }),
)

/** The end of a run's process. */
export class Killed extends Error {}

export function isOnTheWire({ kind }: Disturbance): boolean {
  return kind === 'killed-at-request' || kind === 'faults'
}

export function harmOf(disturbance: Disturbance, killer: AbortController): () => Fault {
  let requests = 0
  return () => {
    const index = requests++
    if (disturbance.kind === 'killed-at-request' && index === disturbance.count) killer.abort(new Killed())
    if (disturbance.kind !== 'faults') return undefined
    switch (disturbance.faults[index] ?? 'none') {
      case 'none':
        return undefined
      case 'busy':
        return { kind: 'answer', status: 503 }
      case 'reset':
        return { kind: 'reset', afterBytes: 0 }
      case 'cut-answer':
        return { kind: 'cut-answer', afterBytes: 1 }
    }
  }
}
