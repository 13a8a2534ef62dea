import type { StorageClass } from '../../contract/remote-configuration.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ClassEstimate, Estimate } from './estimate.ts'
import { planUsd } from './google-one.ts'
import { originalsIn } from './library.ts'
import { inrPerUsd, pricedRegion, pricesAsOf } from './prices.ts'

/** A stable interface: one line of JSON. Money is US dollars, to a hundredth of a cent. */
export function formatEstimate(
  estimate: Estimate,
  subject: { readonly isOnAws: boolean; readonly region: string; readonly storageClass: StorageClass | undefined },
): string {
  const { photos, originalBytes, renditionBytes, growth, classes } = estimate
  return JSON.stringify({
    message_type: 'summary',
    photos,
    original_bytes: originalBytes,
    rendition_bytes: renditionBytes,
    photos_per_month: round(growth.photos),
    bytes_per_month: Math.round(growth.sizeBytes),
    growth_basis: growth.basis,
    undated_import_photos: growth.undatedImport.count,
    undated_import_bytes: growth.undatedImport.sizeBytes,
    is_on_aws: subject.isOnAws,
    storage_class: subject.storageClass ?? null,
    prices: { currency: 'USD', region: pricedRegion, as_of: pricesAsOf, inr_per_usd: inrPerUsd },
    storage_classes: classes.map((of) => classOf(of, estimate)),
    google_one: googleOf(estimate),
    exit_code: exitCodes.done,
  })
}

function classOf({ storageClass, month, monthUsd, freeUsd, restoreUsd, projections }: ClassEstimate, { years }: Estimate) {
  return {
    storage_class: storageClass,
    month_usd: round(monthUsd),
    month_lines_usd: Object.fromEntries(Object.entries(month).map(([name, usd]: [string, number]) => [name, round(usd)])),
    always_free_usd: round(freeUsd),
    restore_usd: round(restoreUsd),
    projections: projections.map((projection, index) => ({
      years: years[index],
      original_bytes: Math.round(originalsIn(projection.library).sizeBytes),
      total_usd: round(projection.totalUsd),
      always_free_usd: round(projection.freeUsd),
      last_month_usd: round(projection.lastMonthUsd),
      restore_usd: round(projection.restoreUsd),
    })),
  }
}

function googleOf({ google: { plan, fullInMonths }, classes, years }: Estimate) {
  return {
    plan: plan?.name ?? null,
    month_usd: plan ? round(planUsd(plan)) : null,
    month_inr: plan?.inrPerMonth ?? null,
    full_in_months: fullInMonths ?? null,
    projections: years.map((count, index) => {
      const total = classes[0]?.projections[index]?.googleUsd
      return { years: count, total_usd: total === undefined ? null : round(total) }
    }),
  }
}

function round(number: number): number {
  return Math.round(number * 10_000) / 10_000
}
