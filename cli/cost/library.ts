import { addHoldings, allOf, type Holdings, noHoldings, type Originals } from './holdings.ts'
import { workload } from './workload.ts'

/** What is stored, as far as a bill depends on it. */
export interface Library {
  /** By whole months since they were stored: this month's, last month's, those of the month before, all older ones. */
  readonly byAge: readonly [Holdings, Holdings, Holdings, Holdings]
  readonly renditionBytes: number
}

export const emptyLibrary: Library = { byAge: [noHoldings, noHoldings, noHoldings, noHoldings], renditionBytes: 0 }

/** All of it was stored long ago. */
export function agedLibrary(holdings: Holdings): Library {
  const renditionBytes = allOf(holdings).count * workload.renditionBytesPerPhoto
  return { byAge: [noHoldings, noHoldings, noHoldings, holdings], renditionBytes }
}

export function holdingsIn({ byAge }: Library): Holdings {
  return byAge.reduce(addHoldings, noHoldings)
}

export function originalsIn(library: Library): Originals {
  return allOf(holdingsIn(library))
}

/** The same library a month later. What is new counts as if it had come on the month's first day. */
export function monthLater({ byAge, renditionBytes }: Library, added: Holdings, renditionBytesPerPhoto: number): Library {
  const [youngest, younger, older, oldest] = byAge
  return {
    byAge: [added, youngest, younger, addHoldings(older, oldest)],
    renditionBytes: renditionBytes + allOf(added).count * renditionBytesPerPhoto,
  }
}
