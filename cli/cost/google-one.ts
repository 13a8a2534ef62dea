import { bytesInGb, googleOnePlans, inrPerUsd } from './prices.ts'

export type GoogleOnePlan = (typeof googleOnePlans)[number]

/** The smallest plan that holds so many bytes; undefined where none that we know does. */
export function findPlan(sizeBytes: number): GoogleOnePlan | undefined {
  return googleOnePlans.find((plan) => sizeBytes <= plan.gb * bytesInGb)
}

/** A month, in US dollars. */
export function planUsd({ inrPerMonth }: GoogleOnePlan): number {
  return inrPerMonth / inrPerUsd
}

/** In how many months a plan has no room for another month's photos; undefined where it never is. */
export function monthsUntilFull({ gb }: GoogleOnePlan, sizeBytes: number, growthBytes: number): number | undefined {
  if (growthBytes <= 0) return undefined
  return Math.max(0, Math.floor((gb * bytesInGb - sizeBytes) / growthBytes))
}
