import type { ListEntry, Photo } from '../../contract/photos.ts'
import { addHoldings, allOf, divideHoldings, type Holdings, holdingsOf, noHoldings } from './holdings.ts'
import { type Library, originalsIn } from './library.ts'
import type { Plan } from './project.ts'
import { workload } from './workload.ts'

/** Where the growth was read from: `none` where there are no photos. */
export type GrowthBasis = 'capture_dates' | 'upload_dates' | 'none'

/** What an owner has stored, and how it grows. */
export interface Usage extends Plan {
  readonly basis: GrowthBasis
}

const dayMs = 24 * 60 * 60 * 1000
const monthMs = (365 * dayMs) / 12
const growthMonths = 12

interface Tally {
  readonly byAge: [Holdings, Holdings, Holdings, Holdings]
  renditionBytes: number
  dated: Holdings
  undated: Holdings
  takenLately: Holdings
  storedLately: Holdings
  firstTakenMs: number
  firstStoredMs: number
}

/**
 * Adds up a list of everything. A photo is looked at and forgotten, so that memory does not grow with their number.
 * What was taken in the last twelve months is the growth, not what was uploaded: the first run may bring twenty years at once.
 */
export async function measureUsage(entries: AsyncIterable<ListEntry>, now: Date): Promise<Usage> {
  const tally: Tally = {
    byAge: [noHoldings, noHoldings, noHoldings, noHoldings],
    renditionBytes: 0,
    dated: noHoldings,
    undated: noHoldings,
    takenLately: noHoldings,
    storedLately: noHoldings,
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
  if (isLately(storedMs, nowMs)) tally.storedLately = addHoldings(tally.storedLately, original)
  if (photo.captureTime === null) {
    tally.undated = addHoldings(tally.undated, original)
    return
  }
  // Wall time, taken for UTC: a day more or less in a year.
  const takenMs = Date.parse(`${photo.captureTime.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`)
  tally.dated = addHoldings(tally.dated, original)
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

function growthOf(tally: Tally, nowMs: number): { readonly growth: Holdings; readonly basis: GrowthBasis } {
  const { dated, undated, takenLately, storedLately } = tally
  const datedCount = allOf(dated).count
  if (datedCount === 0 && allOf(undated).count === 0) return { growth: noHoldings, basis: 'none' }
  if (datedCount === 0) {
    return { growth: divideHoldings(storedLately, monthsSince(tally.firstStoredMs, nowMs)), basis: 'upload_dates' }
  }
  // What has no date, as videos have none, came as the rest did.
  const latelyCount = allOf(takenLately).count
  const share = latelyCount === 0 ? noHoldings : divideHoldings(undated, datedCount / latelyCount)
  return {
    growth: divideHoldings(addHoldings(takenLately, share), monthsSince(tally.firstTakenMs, nowMs)),
    basis: 'capture_dates',
  }
}

/** At least one, and at most those that are counted. */
function monthsSince(firstMs: number, nowMs: number): number {
  return Math.min(growthMonths, Math.max(1, (nowMs - firstMs) / monthMs))
}
