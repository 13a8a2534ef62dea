import type { StorageClass } from '../../contract/remote-configuration.ts'
import { findPlan, type GoogleOnePlan, monthsUntilFull } from './google-one.ts'
import { allOf, type Originals } from './holdings.ts'
import { originalsIn } from './library.ts'
import type { GrowthBasis, Usage } from './measure-usage.ts'
import { billOf, freeShareOf, type MonthBill, totalOf } from './month-bill.ts'
import { type Projection, projectTo } from './project.ts'
import { restoreCostOf, restoreTotal } from './restore-cost.ts'

export interface ClassEstimate {
  readonly storageClass: StorageClass
  /** A month of what is stored today, with what is new in a month. */
  readonly month: MonthBill
  readonly monthUsd: number
  readonly freeUsd: number
  /** Everything back, today. */
  readonly restoreUsd: number
  /** In the order of the years that were asked for. */
  readonly projections: readonly Projection[]
}

/** What a library costs, by storage class, beside Google One. Money is US dollars. */
export interface Estimate {
  readonly photos: number
  readonly originalBytes: number
  readonly renditionBytes: number
  readonly growth: {
    readonly photos: number
    readonly sizeBytes: number
    readonly basis: GrowthBasis
    readonly undatedImport: Originals
  }
  readonly years: readonly number[]
  readonly classes: readonly ClassEstimate[]
  readonly google: {
    /** That holds what is stored today; undefined where none does. */
    readonly plan: GoogleOnePlan | undefined
    readonly fullInMonths: number | undefined
  }
}

export function estimateCost(usage: Usage, years: readonly number[], storageClasses: readonly StorageClass[]): Estimate {
  const { library, growth } = usage
  const { count, sizeBytes } = originalsIn(library)
  const monthly = allOf(growth)
  const plan = findPlan(sizeBytes)
  return {
    photos: count,
    originalBytes: sizeBytes,
    renditionBytes: library.renditionBytes,
    growth: { photos: monthly.count, sizeBytes: monthly.sizeBytes, basis: usage.basis, undatedImport: usage.undatedImport },
    years,
    classes: storageClasses.map((storageClass) => estimateClass(usage, years, storageClass)),
    google: { plan, fullInMonths: plan && monthsUntilFull(plan, sizeBytes, monthly.sizeBytes) },
  }
}

function estimateClass(usage: Usage, years: readonly number[], storageClass: StorageClass): ClassEstimate {
  const { library, growth: added } = usage
  const month = billOf({ library, added, storageClass })
  return {
    storageClass,
    month,
    monthUsd: totalOf(month),
    freeUsd: totalOf(freeShareOf({ library, added, storageClass })),
    restoreUsd: restoreTotal(restoreCostOf(library, storageClass)),
    projections: years.map((count) => projectTo(usage, storageClass, 12 * count)),
  }
}
