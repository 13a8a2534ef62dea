import type { ContentHash } from '../../contract/content-hash.ts'

/** The content hash of each file by its path, one character a byte. */
export type Contents = ReadonlyMap<string, ContentHash>

/** A run of a device over its folder, which did not change meanwhile. */
export interface RunInHistory {
  readonly startedAt: string
  readonly contents: Contents
  /** A run that was killed, or came to harm, or looked at a part: it may have told of all, or nothing, or anything between. */
  readonly isWhole: boolean
  /** Those that it was not to look at. */
  readonly isExcluded: (path: string) => boolean
  /** The device had forgotten everything before. */
  readonly hasLostState: boolean
}

/** What the index says of one original at one path of the device. */
export interface ToldPlace {
  readonly contentHash: ContentHash
  readonly path: string
  readonly gone: { readonly at: string; readonly replaced: boolean } | undefined
}

/** How a place may stand after a run. */
interface Told {
  readonly isListed: boolean
  /** The device knows that the remote may have it. */
  readonly isKnown: boolean
  /** The device knows that another original has taken it. */
  readonly isSuperseded: boolean
  readonly gone: { readonly run: number; readonly replaced: boolean } | undefined
}

const untold: Told = { isListed: false, isKnown: false, isSuperseded: false, gone: undefined }

/**
 * Compares what a device has told of its places with what was on its disk: after whole runs there is one answer, after others
 * there are some. Answers what is wrong, in words.
 */
export function findWrongPlaces(history: readonly RunInHistory[], told: readonly ToldPlace[]): readonly string[] {
  const byKey = new Map(told.map((place) => [keyOf(place), place]))
  const everywhere = history.flatMap(({ contents }) => [...contents].map(([path, contentHash]) => ({ path, contentHash })))
  const places = new Map(everywhere.map((place) => [keyOf(place), place]))
  const invented = [...byKey.keys()].filter((key) => !places.has(key)).map((key) => `${key} never was`)
  const wrong = [...places].flatMap(([key, place]) => {
    const possible = history.reduce<readonly Told[]>(
      (before, run, index) => distinct(before.flatMap((one) => afterRun(one, place, run, index))),
      [untold],
    )
    if (possible.some((one) => isAsTold(one, byKey.get(key), history))) return []
    return [`${key} is told as ${JSON.stringify(byKey.get(key)?.gone ?? byKey.has(key))}, may be ${JSON.stringify(possible)}`]
  })
  return [...invented, ...wrong]
}

interface Place {
  readonly path: string
  readonly contentHash: ContentHash
}

function keyOf({ path, contentHash }: Place): string {
  return `${contentHash.slice(0, 8)} at ${path}`
}

function afterRun(before: Told, place: Place, run: RunInHistory, index: number): readonly Told[] {
  const state = run.hasLostState ? { ...before, isKnown: false, isSuperseded: false } : before
  const there = run.contents.get(place.path)
  if (there === place.contentHash) return run.isExcluded(place.path) ? [state] : registered(state, run)
  return state.isKnown ? left(state, there !== undefined, run, index) : [state]
}

function registered(state: Told, { isWhole }: RunInHistory): readonly Told[] {
  const after = { isListed: true, isKnown: true, isSuperseded: false, gone: undefined }
  return isWhole ? [after] : [state, { ...state, isKnown: true }, after]
}

function left(state: Told, isTaken: boolean, { isWhole }: RunInHistory, run: number): readonly Told[] {
  const told = (replaced: boolean): Told => ({
    ...state,
    isKnown: false,
    isSuperseded: false,
    gone: state.isListed ? { run, replaced } : undefined,
  })
  const replaced = isTaken || state.isSuperseded
  if (isWhole) return [told(replaced)]
  const some = [state, told(state.isSuperseded), ...(isTaken ? [{ ...state, isSuperseded: true }, told(true)] : [])]
  // Told of, and killed before it heard that.
  return [...some, ...some.map((one) => ({ ...one, isKnown: true, isSuperseded: state.isSuperseded || isTaken }))]
}

function distinct(states: readonly Told[]): readonly Told[] {
  return [...new Map(states.map((state) => [JSON.stringify(state), state])).values()]
}

function isAsTold({ isListed, gone }: Told, told: ToldPlace | undefined, history: readonly RunInHistory[]): boolean {
  if (told === undefined || gone === undefined || told.gone === undefined)
    return isListed === (told !== undefined) && gone === told?.gone
  const after = history[gone.run + 1]?.startedAt ?? '9'
  const { at, replaced } = told.gone
  return replaced === gone.replaced && at >= (history[gone.run]?.startedAt ?? '') && at <= after
}
