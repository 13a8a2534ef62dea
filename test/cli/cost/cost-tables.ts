import { estimateCost } from '../../../cli/cost/estimate.ts'
import { planUsd } from '../../../cli/cost/google-one.ts'
import { allOf, holdingsOf, noHoldings } from '../../../cli/cost/holdings.ts'
import { agedLibrary, emptyLibrary } from '../../../cli/cost/library.ts'
import { billOf, type MonthBill, totalOf } from '../../../cli/cost/month-bill.ts'
import { bytesInGb, googleOnePlans, inrPerUsd, pricedRegion, priceLists, storageClasses } from '../../../cli/cost/prices.ts'
import { findCrossing, type Plan, projectTo } from '../../../cli/cost/project.ts'
import { restoreCostOf, restoreTotal } from '../../../cli/cost/restore-cost.ts'
import { workload } from '../../../cli/cost/workload.ts'
import { formatCost, formatUsd } from '../../../cli/terminal/cost-table.ts'
import { wrapFor } from '../../../cli/terminal/wrap.ts'

/** The example of docs/cost.md: 200 photos, 4 GB a month, from nothing. */
export const example: Plan = {
  library: emptyLibrary,
  growth: holdingsOf((4 * bytesInGb) / 200, 200),
  renditionBytesPerPhoto: workload.renditionBytesPerPhoto,
}

const years = [1, 5, 10] as const
type Row = readonly string[]
type Class = (typeof storageClasses)[number]

/** What stands between the marks of docs/cost.md, by name. */
export const costTables: Readonly<Record<string, () => string>> = {
  sample: () => sample(),
  totals: () => table(['', ...years.map(total), 'the bill of the 120th month'], [...storageClasses.map(totalsRow), googleRow()]),
  'always free': () => table(['', ...years.map(total)], [['AWS takes off', ...years.map((count) => formatUsd(freeUsd(count)))]]),
  lines: () => table(['', ...storageClasses.map(code)], lineRows()),
  'all back': () =>
    table(['', ...years.map((count) => `after ${plural(count)}`), 'of which, after 10 years'], storageClasses.map(backRow)),
  crossing: () => table(['', 'Google One has cost less', 'a 10th year alone'], storageClasses.map(crossingRow)),
  'full plans': () => table(['', ...googleOnePlans.map(({ name }) => `${name}, full`)], fullPlanRows()),
  even: () => table(['', ...googleOnePlans.map(({ name }) => `into ${name}`)], storageClasses.map(evenRow)),
  prices: () =>
    table(
      ['', 'price', 'for', 'as of', 'seen at'],
      priceLists.flatMap(({ service, page, prices }) => [
        [`**[${service}](${page})**`, '', '', '', ''],
        ...Object.entries(prices).map(priceRow),
      ]),
    ),
}

/** What is typed after three years of the example, and what is answered. */
function sample(): string {
  const usage = {
    ...example,
    library: projectTo(example, 'INTELLIGENT_TIERING', 36).library,
    basis: 'capture_dates',
    undatedImport: { count: 0, sizeBytes: 0 },
  } as const
  const subject = { isOnAws: true, region: pricedRegion, storageClass: 'INTELLIGENT_TIERING' } as const
  const { heading, table, notes } = formatCost(estimateCost(usage, years, storageClasses), subject)
  const wrap = (line: string): string => wrapFor({ isTTY: true, columns: 80 }, line)
  return ['```', '$ photos cost', wrap(heading), '', ...table, '', ...notes.map(wrap), '```'].join('\n')
}

function table(heading: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`
  return [line(heading), line(heading.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

const code = (text: string): string => `\`${text}\``
const plural = (count: number): string => `${count} year${count === 1 ? '' : 's'}`
const total = (count: number): string => `${plural(count)}, ${48 * count} GB`
const withInr = (usd: number): string => `${formatUsd(usd)} (${Math.round(usd * inrPerUsd)} INR)`

function totalsRow(storageClass: Class): Row {
  const totals = years.map((count) => formatUsd(projectTo(example, storageClass, 12 * count).totalUsd))
  return [code(storageClass), ...totals, withInr(projectTo(example, storageClass, 120).lastMonthUsd)]
}

function googleRow(): Row {
  const [first, last] = [projectTo(example, 'STANDARD', 119), projectTo(example, 'STANDARD', 120)]
  const totals = years.map((count) => formatUsd(projectTo(example, 'STANDARD', 12 * count).googleUsd ?? Number.NaN))
  return ['Google One', ...totals, withInr((last.googleUsd ?? Number.NaN) - (first.googleUsd ?? Number.NaN))]
}

function freeUsd(count: number): number {
  return projectTo(example, 'STANDARD', 12 * count).freeUsd
}

function lineRows(): readonly Row[] {
  const bills = storageClasses.map((storageClass) => {
    const { library } = projectTo(example, storageClass, 60)
    return billOf({ library, added: example.growth, storageClass })
  })
  const row = (name: string, read: (bill: MonthBill) => number): Row => [
    name,
    ...bills.map((bill) => `$${read(bill).toFixed(3)}`),
  ]
  return [
    row('originals', (bill) => bill.originals),
    row('renditions, journals', (bill) => bill.renditions),
    row("S3's requests", (bill) => bill.requests),
    row('functions', (bill) => bill.functions),
    row('index', (bill) => bill.index),
    row('API', (bill) => bill.api),
    row('queue', (bill) => bill.queue),
    row('logs', (bill) => bill.logs),
    row('alarms', (bill) => bill.alarms),
    row('**together**', totalOf),
  ]
}

function backRow(storageClass: Class): Row {
  const costs = years.map((count) => restoreCostOf(projectTo(example, storageClass, 12 * count).library, storageClass))
  const last = costs.at(-1)
  const parts = last
    ? `transfer ${formatUsd(last.transfer)}, retrieval ${formatUsd(last.retrieval)}, requests ${formatUsd(last.requests)}`
    : ''
  return [code(storageClass), ...costs.map((cost) => formatUsd(restoreTotal(cost))), parts]
}

function crossingRow(storageClass: Class): Row {
  const crossing = findCrossing(example, storageClass, 120)
  const [ninth, tenth] = [projectTo(example, storageClass, 108), projectTo(example, storageClass, 120)]
  const google = (tenth.googleUsd ?? Number.NaN) - (ninth.googleUsd ?? Number.NaN)
  return [
    code(storageClass),
    crossing === undefined ? 'not within ten years' : `from month ${crossing} on`,
    `${formatUsd(tenth.totalUsd - ninth.totalUsd)} beside ${formatUsd(google)}`,
  ]
}

/** A month of photos of 20 MB, all of them old, none new. */
function quietUsd(gb: number, storageClass: Class): number {
  const photoBytes = allOf(example.growth).sizeBytes / allOf(example.growth).count
  const library = agedLibrary(holdingsOf(photoBytes, (gb * bytesInGb) / photoBytes))
  return totalOf(billOf({ library, added: noHoldings, storageClass }))
}

/** From how much on AWS costs more than the plan that it would fit into: a bill grows evenly with what is stored. */
function evenRow(storageClass: Class): Row {
  const fixed = quietUsd(0, storageClass)
  const each = quietUsd(1, storageClass) - fixed
  const from = googleOnePlans.map((plan, index) => {
    const gb = Math.ceil((planUsd(plan) - fixed) / each)
    const smallest = (googleOnePlans[index - 1]?.gb ?? 0) + 1
    return gb > plan.gb ? 'nowhere' : `from ${Math.max(gb, smallest)} GB on`
  })
  return [code(storageClass), ...from]
}

function fullPlanRows(): readonly Row[] {
  return [
    ['Google One', ...googleOnePlans.map((plan) => `**${withInr(planUsd(plan))}**`)],
    ...storageClasses.map((storageClass) => [
      code(storageClass),
      ...googleOnePlans.map(({ gb }) => formatUsd(quietUsd(gb, storageClass))),
    ]),
  ]
}

function priceRow([name, { usd, per, asOf, seenAt }]: (typeof priceLists)[number]['prices'] extends Readonly<
  Record<string, infer P>
>
  ? readonly [string, P]
  : never): Row {
  return [name, `$${usd}`, per, asOf, seenAt === null ? 'not confirmed' : `[page](${seenAt})`]
}
