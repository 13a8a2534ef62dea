import type { StorageClass } from '../../contract/remote-configuration.ts'
import type { ClassEstimate, Estimate } from '../cost/estimate.ts'
import { planUsd } from '../cost/google-one.ts'
import { originalsIn } from '../cost/library.ts'
import { bytesInGb, googleFreeGb, inrPerUsd, pricedRegion, pricesAsOf } from '../cost/prices.ts'
import { formatBytes } from './format-bytes.ts'

/** What is told of a remote beside the numbers. */
export interface CostSubject {
  readonly isOnAws: boolean
  readonly region: string
  /** Of the originals; undefined where the remote does not say, or is not AWS. */
  readonly storageClass: StorageClass | undefined
}

/**
 * What is stored costs: a sentence, a table that fits 80 columns, and notes:
 *
 *                            a month     over     over      over    to get
 *     USD                        now   1 year  5 years  10 years  all back
 *     * INTELLIGENT_TIERING    $0.51    $7.60   $72.15   $220.41     $0.00
 *       Google One, 100 GB     $1.44   $17.33   $97.33   $240.00     $0.00
 */
export function formatCost(estimate: Estimate, subject: CostSubject): CostText {
  return { heading: whatIsStored(estimate), table: rowsOf(estimate, subject), notes: notesOf(estimate, subject) }
}

export interface CostText {
  readonly heading: string
  readonly table: readonly string[]
  readonly notes: readonly string[]
}

export function formatUsd(usd: number): string {
  return `$${usd.toFixed(2)}`
}

function whatIsStored({ photos, originalBytes, growth }: Estimate): string {
  const stored = `${formatOriginals(photos)}, ${formatBytes(originalBytes)}`
  if (growth.basis === 'none') return `${stored}; nothing tells yet how many a month there will be`
  if (growth.photos === 0) {
    const what = growth.basis === 'capture_dates' ? 'was taken in the last twelve months' : 'came after the first month'
    return `${stored}; none ${what}`
  }
  const basis = growth.basis === 'capture_dates' ? 'capture dates' : 'upload dates'
  return `${stored}; about ${formatCount(growth.photos)} a month, ${formatBytes(growth.sizeBytes)}, by their ${basis}`
}

function formatOriginals(count: number): string {
  return count === 1 ? '1 original' : `${formatCount(count)} originals`
}

function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

function rowsOf({ years, classes, google }: Estimate, subject: CostSubject): readonly string[] {
  const first = classes[0]
  const plan = google.plan
  const rows = [
    ['', 'a month', ...years.map(() => 'over'), 'to get'],
    ['USD', 'now', ...years.map((count) => `${count} year${count === 1 ? '' : 's'}`), 'all back'],
    ...classes.map((of) => classRow(of, subject)),
    [
      `  Google One${plan ? `, ${plan.name}` : ''}`,
      plan ? formatUsd(planUsd(plan)) : '-',
      ...(first?.projections ?? []).map(({ googleUsd }) => (googleUsd === undefined ? '-' : formatUsd(googleUsd))),
      formatUsd(0),
    ],
  ]
  const widthOf = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows.map(([name = '', ...cells]) =>
    [name.padEnd(widthOf(0)), ...cells.map((cell, index) => cell.padStart(widthOf(index + 1)))].join('  ').trimEnd(),
  )
}

function classRow({ storageClass, monthUsd, projections, restoreUsd }: ClassEstimate, subject: CostSubject): readonly string[] {
  const mark = storageClass === subject.storageClass ? '*' : ' '
  const totals = projections.map(({ totalUsd }) => formatUsd(totalUsd))
  return [`${mark} ${storageClass}`, formatUsd(monthUsd), ...totals, formatUsd(restoreUsd)]
}

function notesOf(estimate: Estimate, subject: CostSubject): readonly string[] {
  const shown = estimate.classes.find(({ storageClass }) => storageClass === subject.storageClass) ?? likeliest(estimate)
  return [
    ...whereNotes(subject),
    ...undatedNotes(estimate),
    ...(shown ? [monthNote(shown), freeNote(shown)] : []),
    ...googleNotes(estimate),
    ...(shown ? [cheaperNote(estimate, shown)] : []),
    `Prices: list prices of AWS in ${pricedRegion}, ${pricesAsOf}, without taxes; what they are made of, and each one's source: docs/cost.md.`,
  ]
}

/** What a deployment takes unless it is told otherwise. */
function likeliest({ classes }: Estimate): ClassEstimate | undefined {
  return classes.find(({ storageClass }) => storageClass === 'INTELLIGENT_TIERING') ?? classes[0]
}

function whereNotes({ isOnAws, region, storageClass }: CostSubject): readonly string[] {
  if (!isOnAws)
    return ['This library lies on a disk of your own and costs nothing at AWS. The table says what it would cost there.']
  return [
    storageClass === undefined
      ? 'The remote does not say in which storage class its originals lie.'
      : '* the storage class of this remote, for what is stored from now on',
    ...(region === pricedRegion ? [] : [`The remote is in ${region}, where prices are others, and mostly higher.`]),
  ]
}

function undatedNotes({ growth: { undatedImport } }: Estimate): readonly string[] {
  if (undatedImport.count === 0) return []
  const what = `${formatOriginals(undatedImport.count)}, ${formatBytes(undatedImport.sizeBytes)}, without a capture date`
  return [`The first import has brought ${what}, as of videos: nothing tells how many of these come in a month; none is counted.`]
}

function monthNote({ storageClass, month, monthUsd }: ClassEstimate): string {
  const lines = Object.entries(month)
    .filter(([, usd]: [string, number]) => usd >= 0.005)
    .map(([name, usd]: [string, number]) => `${name} ${formatUsd(usd)}`)
  const parts = lines.length === 0 ? 'nothing that is a cent' : lines.join(', ')
  return `A month now in ${storageClass}: ${parts}; together ${formatUsd(monthUsd)}.`
}

function freeNote({ freeUsd }: ClassEstimate): string {
  return `AWS's always-free allowances take ${formatUsd(freeUsd)} of that off, in an account that is used for nothing else.`
}

function googleNotes({ google: { plan, fullInMonths } }: Estimate): readonly string[] {
  if (plan === undefined) return ['No plan of Google One that we know holds this much.']
  const price = `Google One: ${plan.name} for ${plan.inrPerMonth} INR a month (1 USD = ${inrPerUsd} INR)`
  return [fullInMonths === undefined ? `${price}.` : `${price}; ${formatFull(fullInMonths)}`]
}

const farMonths = 50 * 12

function formatFull(months: number): string {
  if (months > farMonths) return 'not full within 50 years.'
  const when = months < 1 ? 'within a month' : months === 1 ? 'in a month' : `in ${months} months`
  return `full ${when}, then the next plan counts.`
}

/** Plainly, also where it is Google. */
function cheaperNote({ years }: Estimate, { storageClass, projections }: ClassEstimate): string {
  const last = projections.at(-1)
  const span = years.at(-1) === 1 ? 'a year' : `${years.at(-1)} years`
  if (last && originalsIn(last.library).sizeBytes <= googleFreeGb * bytesInGb) {
    return `In ${span} all of it still fits into the ${googleFreeGb} GB that Google gives everybody, mail included: there it costs nothing.`
  }
  if (last?.googleUsd === undefined) return `In ${span} no plan of Google One that we know holds it.`
  const difference = formatUsd(Math.abs(last.totalUsd - last.googleUsd))
  const back = `Getting everything back then costs ${formatUsd(last.restoreUsd)} at AWS, and nothing at Google.`
  return last.totalUsd > last.googleUsd
    ? `In ${span} Google One is cheaper than ${storageClass}, by ${difference}. ${back}`
    : `In ${span} ${storageClass} is cheaper than Google One, by ${difference}. ${back}`
}
