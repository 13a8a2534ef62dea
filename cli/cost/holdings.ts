import { largestWholeBytes, smallObjectBytes } from './workload.ts'

/** How many originals, and their bytes. Of an average month both may be fractions. */
export interface Originals {
  readonly count: number
  readonly sizeBytes: number
}

/** Originals by what their size means for a bill: below 128 KB; in one piece; in parts. */
export interface Holdings {
  readonly small: Originals
  readonly whole: Originals
  readonly parts: Originals
}

const none: Originals = { count: 0, sizeBytes: 0 }
export const noHoldings: Holdings = { small: none, whole: none, parts: none }

/** `count` originals of one size each. */
export function holdingsOf(sizeBytes: number, count = 1): Holdings {
  const originals = { count, sizeBytes: sizeBytes * count }
  if (sizeBytes < smallObjectBytes) return { ...noHoldings, small: originals }
  return sizeBytes <= largestWholeBytes ? { ...noHoldings, whole: originals } : { ...noHoldings, parts: originals }
}

export function addHoldings(a: Holdings, b: Holdings): Holdings {
  return { small: addOriginals(a.small, b.small), whole: addOriginals(a.whole, b.whole), parts: addOriginals(a.parts, b.parts) }
}

export function divideHoldings({ small, whole, parts }: Holdings, by: number): Holdings {
  const divide = ({ count, sizeBytes }: Originals): Originals => ({ count: count / by, sizeBytes: sizeBytes / by })
  return { small: divide(small), whole: divide(whole), parts: divide(parts) }
}

export function allOf({ small, whole, parts }: Holdings): Originals {
  return addOriginals(addOriginals(small, whole), parts)
}

function addOriginals(a: Originals, b: Originals): Originals {
  return { count: a.count + b.count, sizeBytes: a.sizeBytes + b.sizeBytes }
}
