import { describe, expect, test } from 'vitest'
import { holdingsOf, noHoldings } from '../../../cli/cost/holdings.ts'
import { agedLibrary, emptyLibrary, monthLater } from '../../../cli/cost/library.ts'
import { billOf, freeShareOf, totalOf } from '../../../cli/cost/month-bill.ts'
import { bytesInGb } from '../../../cli/cost/prices.ts'
import { restoreCostOf } from '../../../cli/cost/restore-cost.ts'

/** 1,000 originals, 100 GB. */
const hundredGb = agedLibrary(holdingsOf(bytesInGb / 10, 1000))
/** 1,000 sidecars of 1 KB. */
const sidecars = agedLibrary(holdingsOf(1024, 1000))

describe('storage of a month', () => {
  test.each([
    ['STANDARD', 100 * 0.023],
    ['STANDARD_IA', 100 * 0.0125],
    ['INTELLIGENT_TIERING', 100 * 0.004 + 0.0025],
    ['GLACIER_IR', 100 * 0.004],
    // 40 KB more for each: 32 in the archive, 8 beside it.
    ['DEEP_ARCHIVE', 100 * 0.00099 + ((32 * 1000) / 2 ** 20) * 0.00099 + ((8 * 1000) / 2 ** 20) * 0.023],
  ] as const)('100 GB that are old, in %s: $%d', (storageClass, usd) => {
    expect(billOf({ library: hundredGb, added: noHoldings, storageClass }).originals).toBeCloseTo(usd, 10)
  })

  test.each([
    ['STANDARD', (1000 / 2 ** 20) * 0.023],
    ['STANDARD_IA', ((128 * 1000) / 2 ** 20) * 0.0125],
    // Neither watched nor moved.
    ['INTELLIGENT_TIERING', (1000 / 2 ** 20) * 0.023],
    ['GLACIER_IR', ((128 * 1000) / 2 ** 20) * 0.004],
    ['DEEP_ARCHIVE', (33_000 / 2 ** 20) * 0.00099 + (8_000 / 2 ** 20) * 0.023],
  ] as const)('1,000 sidecars of 1 KB, in %s: $%d', (storageClass, usd) => {
    expect(billOf({ library: sidecars, added: noHoldings, storageClass }).originals).toBeCloseTo(usd, 10)
  })

  test('Intelligent-Tiering comes down after a month and after three', () => {
    const oneGb = holdingsOf(bytesInGb)
    const byMonth = [0.023, 0.0125, 0.0125, 0.004, 0.004]
    let library = emptyLibrary
    for (const [month, usd] of byMonth.entries()) {
      library = monthLater(library, month === 0 ? oneGb : noHoldings, 0)
      const { originals } = billOf({ library, added: noHoldings, storageClass: 'INTELLIGENT_TIERING' })
      expect(originals).toBeCloseTo(usd + 0.0025 / 1000, 10)
    }
  })
})

test('what is new is paid for by the request: more into an archive, more in parts', () => {
  const requests = (bytes: number, storageClass: 'STANDARD' | 'DEEP_ARCHIVE') =>
    billOf({ library: emptyLibrary, added: holdingsOf(bytes, 1000), storageClass }).requests
  expect(requests(20e6, 'STANDARD')).toBeCloseTo(5 * 0.005 + 3 * 0.0004, 10)
  expect(requests(20e6, 'DEEP_ARCHIVE')).toBeCloseTo(4 * 0.005 + 0.05 + 3 * 0.0004, 10)
  // 128 parts up and 64 into the storage, each with a begin and an end: 130 and 66 where there was one of each.
  expect(requests(bytesInGb, 'STANDARD') - requests(20e6, 'STANDARD')).toBeCloseTo((129 + 65) * 0.005, 10)
})

test('a month in which nothing happens costs what asking the queue does, which AWS gives for nothing', () => {
  const month = { library: emptyLibrary, added: noHoldings, storageClass: 'INTELLIGENT_TIERING' } as const
  const bill = billOf(month)
  expect(bill.queue).toBeCloseTo((657_000 / 1e6) * 0.4, 10)
  expect(totalOf(bill)).toBeLessThan(0.27)
  expect(totalOf(bill) - totalOf(freeShareOf(month))).toBeLessThan(0.001)
})

test('the allowances take no more than is used, and end', () => {
  const month = { library: hundredGb, added: holdingsOf(20e6, 1_000_000), storageClass: 'STANDARD' } as const
  expect(freeShareOf(month).functions).toBeCloseTo(400_000 * 0.0000133334 + 0.2, 10)
  expect(billOf(month).functions).toBeGreaterThan(3_000_000 * 0.0000133334)
})

describe('everything back', () => {
  const terabyte = agedLibrary(holdingsOf(bytesInGb / 100, 102_400))

  test.each([
    ['STANDARD', 0],
    ['STANDARD_IA', 1024 * 0.01],
    ['GLACIER_IR', 1024 * 0.03],
    ['DEEP_ARCHIVE', 1024 * 0.0025 + 102.4 * 0.025 + (1024 * 0.023 * 7) / 30],
    ['INTELLIGENT_TIERING', 1024 * (0.019 + 2 * 0.0085)],
  ] as const)('out of %s: $%d', (storageClass, usd) => {
    const cost = restoreCostOf(terabyte, storageClass)
    expect(cost.retrieval).toBeCloseTo(usd, 8)
    expect(cost.transfer).toBeCloseTo(924 * 0.09, 8)
  })

  test('up to 100 GB a month leave AWS for nothing', () => {
    expect(restoreCostOf(hundredGb, 'STANDARD').transfer).toBe(0)
  })
})
