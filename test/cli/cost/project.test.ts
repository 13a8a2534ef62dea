import { expect, test } from 'vitest'
import { findPlan, monthsUntilFull } from '../../../cli/cost/google-one.ts'
import { allOf, holdingsOf, noHoldings } from '../../../cli/cost/holdings.ts'
import { agedLibrary, originalsIn } from '../../../cli/cost/library.ts'
import { billOf, totalOf } from '../../../cli/cost/month-bill.ts'
import { bytesInGb, googleOnePlans } from '../../../cli/cost/prices.ts'
import { findCrossing, project, projectTo } from '../../../cli/cost/project.ts'
import { example } from './cost-tables.ts'

test('every month adds its photos and its bill', () => {
  const [eleventh, twelfth] = [projectTo(example, 'GLACIER_IR', 11), projectTo(example, 'GLACIER_IR', 12)]
  expect(originalsIn(twelfth.library)).toEqual({ count: 2400, sizeBytes: expect.closeTo(48 * bytesInGb, -3) })
  expect(twelfth.totalUsd - eleventh.totalUsd).toBeCloseTo(twelfth.lastMonthUsd, 10)
  const { library } = twelfth
  expect(twelfth.lastMonthUsd).toBe(totalOf(billOf({ library, added: example.growth, storageClass: 'GLACIER_IR' })))
})

test('a library that is there already, and does not grow, costs the same every month', () => {
  const library = agedLibrary(holdingsOf(bytesInGb, 100))
  const plan = { library, growth: noHoldings, renditionBytesPerPhoto: 0 }
  const month = totalOf(billOf({ library, added: noHoldings, storageClass: 'INTELLIGENT_TIERING' }))
  expect(projectTo(plan, 'INTELLIGENT_TIERING', 24).totalUsd).toBeCloseTo(24 * month, 8)
})

test('Google One: 100 GB for 25 months, then 200 GB, then 2 TB, then none that we know', () => {
  expect([100, 101, 200, 201, 2048, 2049].map((gb) => findPlan(gb * bytesInGb)?.name)).toEqual([
    '100 GB',
    '200 GB',
    '200 GB',
    '2 TB',
    '2 TB',
    undefined,
  ])
  const monthly = allOf(example.growth).sizeBytes
  expect(googleOnePlans.map((plan) => monthsUntilFull(plan, 0, monthly))).toEqual([25, 50, 512])
  expect(monthsUntilFull(googleOnePlans[0], 0, 0)).toBe(undefined)
  expect(projectTo(example, 'STANDARD', 25).googleUsd).toBeCloseTo((25 * 130) / 90, 8)
  expect(projectTo(example, 'STANDARD', 26).googleUsd).toBeCloseTo((25 * 130 + 210) / 90, 8)
  expect(projectTo(example, 'STANDARD', 513).googleUsd).toBe(undefined)
})

test('the month in which AWS has cost more than Google One', () => {
  const month = findCrossing(example, 'STANDARD', 120) ?? 0
  const [before, after] = [projectTo(example, 'STANDARD', month - 1), projectTo(example, 'STANDARD', month)]
  expect(before.totalUsd).toBeLessThanOrEqual(before.googleUsd ?? 0)
  expect(after.totalUsd).toBeGreaterThan(after.googleUsd ?? 0)
  // Not to be overtaken again when the next plan has to be bought.
  for (const { months, totalUsd, googleUsd = 0 } of project(example, 'STANDARD')) {
    if (months === 360) break
    expect(totalUsd > googleUsd, `month ${months}`).toBe(months >= month)
  }
  expect(findCrossing(example, 'DEEP_ARCHIVE', 120)).toBe(undefined)
})
