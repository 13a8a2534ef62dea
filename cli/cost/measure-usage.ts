import type { ListEntry, Photo } from '../../contract/photos.ts'
import { addHoldings, allOf, divideHoldings, type Holdings, holdingsOf, noHoldings, type Originals } from './holdings.ts'
import { type Library, originalsIn } from './library.ts'
import type { Plan } from './project.ts'
import { workload } from './workload.ts'

/** Where the growth was read from: `none` where nothing tells it, as in the first month of a library without any capture date. */
export type GrowthBasis = 'capture_dates' | 'upload_dates' | 'none'

/** What an owner has stored, and how it grows. */
export interface Usage extends Plan {
  readonly basis: GrowthBasis
  /** Without a capture date, and of the first import: nothing tells when they came, so that they are in no growth. */
  readonly undatedImport: Originals
}

const dayMs = 24 * 60 * 60 * 1000
const monthMs = (365 * dayMs) / 12
const growthMonths = 12
/** What is stored within so many days of the first photo may have been taken at any time: it is the first import. */
const importDays = 30

interface Tally {
  readonly byAge: [Holdings, Holdings, Holdings, Holdings]
  renditionBytes: number
  isDated: boolean
  takenLately: Holdings
  /** What has no capture date, by the days since it was stored: of twelve months, so that there are not many. */
  readonly undatedByDay: Map<number, Holdings>
  firstTakenMs: number
  firstStoredMs: number
}

/**
 * Adds up a list of everything. A photo is looked at and forgotten, so that memory does not grow with their number.
 * What was taken in the last twelve months is the growth, not what was uploaded: the first import may bring twenty years at once.
 * Of what has no capture date, as videos have none, only the upload is known: it counts from when that import is over.
 */
export async function measureUsage(entries: AsyncIterable<ListEntry>, now: Date): Promise<Usage> {
  const tally: Tally = {
    byAge: [noHoldings, noHoldings, noHoldings, noHoldings],
    renditionBytes: 0,
    isDated: false,
    takenLately: noHoldings,
    undatedByDay: new Map(),
    firstTakenMs: now.getTime(),
    firstStoredMs: now.getTime(),
  }
  for await (const entry of entries) if (entry.kind === 'photo') count(entry.photo, tally, now.getTime())
  const library: Library = { byAge: tally.byAge, renditionBytes: tally.renditionBytes }
  const { count: photos } = originalsIn(library)
  const renditionBytesPerPhoto = photos === 0 ? workload.renditionBytesPerPhoto : tally.renditionBytes / photos
  return { library, renditionBytesPerPhoto, ...growthOf(tally, now.getTime()) }
}

function count(photo: Photo, tally: Tally, nowMs: number): void {
  const original = holdingsOf(photo.sizeBytes)
  const storedMs = Date.parse(photo.storedAt)
  const age = ageOf(storedMs, nowMs)
  tally.byAge[age] = addHoldings(tally.byAge[age], original)
  for (const { sizeBytes } of photo.renditions) tally.renditionBytes += sizeBytes
  tally.firstStoredMs = Math.min(tally.firstStoredMs, storedMs)
  if (photo.captureTime === null) {
    if (!isLately(storedMs, nowMs)) return
    const day = daysBetween(storedMs, nowMs)
    tally.undatedByDay.set(day, addHoldings(tally.undatedByDay.get(day) ?? noHoldings, original))
    return
  }
  // Wall time, taken for UTC: a day more or less in a year.
  const takenMs = Date.parse(`${photo.captureTime.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`)
  tally.isDated = true
  tally.firstTakenMs = Math.min(tally.firstTakenMs, takenMs)
  if (isLately(takenMs, nowMs)) tally.takenLately = addHoldings(tally.takenLately, original)
}

function ageOf(storedMs: number, nowMs: number): 0 | 1 | 2 | 3 {
  const ageMs = nowMs - storedMs
  if (ageMs < 30 * dayMs) return 0
  if (ageMs < 60 * dayMs) return 1
  return ageMs < 90 * dayMs ? 2 : 3
}

/** A clock that runs ahead, of a camera that was never set, says nothing of this year. */
function isLately(ms: number, nowMs: number): boolean {
  return ms > nowMs - growthMonths * monthMs && ms <= nowMs + dayMs
}

function growthOf(tally: Tally, nowMs: number): Pick<Usage, 'growth' | 'basis' | 'undatedImport'> {
  const { isDated, takenLately, firstTakenMs, firstStoredMs } = tally
  const importEndedMs = firstStoredMs + importDays * dayMs
  const { imported, later } = splitUndated(tally, daysBetween(importEndedMs, nowMs))
  const taken = divideHoldings(takenLately, monthsSince(firstTakenMs, nowMs))
  const came = divideHoldings(later, monthsSince(importEndedMs, nowMs))
  const isKnown = isDated || importEndedMs < nowMs
  return {
    growth: addHoldings(taken, came),
    basis: isDated ? 'capture_dates' : isKnown ? 'upload_dates' : 'none',
    undatedImport: allOf(imported),
  }
}

/** @param daysAgo the first import was over */
function splitUndated({ undatedByDay }: Tally, daysAgo: number): { readonly imported: Holdings; readonly later: Holdings } {
  let [imported, later] = [noHoldings, noHoldings]
  for (const [day, holdings] of undatedByDay) {
    if (day < daysAgo) later = addHoldings(later, holdings)
    else imported = addHoldings(imported, holdings)
  }
  return { imported, later }
}

/** Whole days, negative where `fromMs` is still to come. */
function daysBetween(fromMs: number, toMs: number): number {
  return Math.floor((toMs - fromMs) / dayMs)
}

/** At least one, and at most those that are counted. */
function monthsSince(firstMs: number, nowMs: number): number {
  return Math.min(growthMonths, Math.max(1, (nowMs - firstMs) / monthMs))
}
