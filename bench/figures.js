/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** `1.24 (1.20–1.31)`: median, least and most. @param {readonly number[]} values @param {number} digits */
export function spread(values, digits) {
  if (values.length === 0) return '–'
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits))
  return `${middle} (${least}–${most})`
}

/** Round by round: both sides of a pair met the same weather. @param {readonly number[]} ours @param {readonly number[]} theirs */
export function ratios(ours, theirs) {
  return theirs.map((value, index) => (ours[index] ?? Number.NaN) / value)
}

/** Columns as wide as their widest cell; the first one flush left, the others right. @param {readonly (readonly string[])[]} rows */
export function formatTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (/** @type {readonly string[]} */ row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('   ')
  return rows.map((row) => `  ${line(row).trimEnd()}`).join('\n')
}
