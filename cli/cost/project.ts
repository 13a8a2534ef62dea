import type { StorageClass } from '../../contract/remote-configuration.ts'
import { findPlan, planUsd } from './google-one.ts'
import type { Holdings } from './holdings.ts'
import { type Library, monthLater, originalsIn } from './library.ts'
import { billOf, freeShareOf, totalOf } from './month-bill.ts'
import { restoreCostOf, restoreTotal } from './restore-cost.ts'

export interface Plan {
  readonly library: Library
  /** What comes each month. */
  readonly growth: Holdings
  readonly renditionBytesPerPhoto: number
}

/** Where a library that goes on growing is after some months, and what it has cost until then, in US dollars. */
export interface Projection {
  readonly months: number
  readonly library: Library
  readonly totalUsd: number
  /** How much of the total AWS's always-free allowances would take off. */
  readonly freeUsd: number
  readonly lastMonthUsd: number
  readonly restoreUsd: number
  /** Google One from today on, by the month; undefined once no plan holds it. */
  readonly googleUsd: number | undefined
}

/** A month after the other, each with what has been paid until then. */
export function* project(plan: Plan, storageClass: StorageClass): Generator<Projection, never> {
  let { library } = plan
  let [totalUsd, freeUsd] = [0, 0]
  let googleUsd: number | undefined = 0
  for (let months = 1; ; months += 1) {
    library = monthLater(library, plan.growth, plan.renditionBytesPerPhoto)
    const month = { library, added: plan.growth, storageClass }
    const lastMonthUsd = totalOf(billOf(month))
    totalUsd += lastMonthUsd
    freeUsd += totalOf(freeShareOf(month))
    const googlePlan = findPlan(originalsIn(library).sizeBytes)
    googleUsd = googleUsd === undefined || googlePlan === undefined ? undefined : googleUsd + planUsd(googlePlan)
    const restoreUsd = restoreTotal(restoreCostOf(library, storageClass))
    yield { months, library, totalUsd, freeUsd, lastMonthUsd, restoreUsd, googleUsd }
  }
}

/** After exactly so many months. */
export function projectTo(plan: Plan, storageClass: StorageClass, months: number): Projection {
  for (const projection of project(plan, storageClass)) if (projection.months === months) return projection
  throw new Error('a projection never ends')
}

/** The first month after which AWS has cost more than Google One; undefined where it has not within so many months. */
export function findCrossing(plan: Plan, storageClass: StorageClass, mostMonths: number): number | undefined {
  for (const { months, totalUsd, googleUsd } of project(plan, storageClass)) {
    if (months > mostMonths || googleUsd === undefined) return undefined
    if (totalUsd > googleUsd) return months
  }
  return undefined
}
