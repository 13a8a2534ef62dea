// What `photos` costs beside rclone, against one S3 in the same run. bench/README.md says what is measured and how.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPrograms } from './backend.js'
import { findRclone } from './clients.js'
import { makeFiles } from './make-files.js'
import { measureNoOp } from './no-op-case.js'
import { reportManyFiles, reportNoOp, reportTargets, reportTransfer, reportWatch } from './report.js'
import { transferRound } from './transfer-case.js'
import { measureWatch } from './watch-case.js'

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string' },
    runs: { type: 'string' },
    'small-files': { type: 'string' },
    'many-files': { type: 'string' },
    only: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    quick: { type: 'boolean', default: false },
  },
})
const files = parseCount(flags.files ?? (flags.quick ? '50' : '500'))
const runs = parseCount(flags.runs ?? (flags.quick ? '1' : '3'))
const smallFiles = parseCount(flags['small-files'] ?? (flags.quick ? '5000' : '100000'))
/** So many that what memory they cost cannot hide. */
const manyFiles = parseCount(flags['many-files'] ?? (flags.quick ? '20000' : '1000000'))
const parts = /** @type {const} */ (['transfers', 'no-op', 'many-files', 'watch'])
const wanted = parts.filter((part) => flags.only === undefined || flags.only.split(',').includes(part))
if (wanted.length === 0) {
  console.error(`--only ${flags.only} is none of ${parts.join(', ')}`)
  process.exit(2)
}
const sizeBytes = 4_000_000
const totalBytes = files * sizeBytes
const smallSizeBytes = 1000
/** Few enough that the first sync is over in minutes; a file of which nothing is read costs the same whatever is in it. */
const distinctSmallFiles = Math.ceil(smallFiles / 50)

if (!existsSync('/proc/self/io')) {
  console.error('the benchmark reads what Linux keeps account of under /proc, which is not here')
  process.exit(1)
}
const rclone = findRclone()
const withRclone = rclone !== undefined
const stopping = new AbortController()
const { signal } = stopping
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stopping.abort(new Error(`stopped by ${name}`)))

const work = await mkdtemp(join(flags.folder, 'photos-bench-'))
try {
  await bench()
} finally {
  await rm(work, { recursive: true, force: true })
}

async function bench() {
  console.log(
    `photos beside ${rclone ? `rclone ${rclone}` : 'nothing'}, Node ${process.version}, ${availableParallelism()} cores`,
  )
  if (!withRclone) console.log('rclone is not installed: its columns, and all ratios to it, are left out')
  await buildPrograms()
  const runsText = `${runs} ${runs === 1 ? 'run' : 'runs'} of each, after a warm-up`

  const transfers = wanted.includes('transfers') ? await benchTransfers(runsText) : { up: noRuns(), down: noRuns() }
  const noOp = wanted.includes('no-op') || wanted.includes('many-files') ? await benchNoOp() : undefined
  if (noOp) reportNoOp(`Sync again, nothing to do: ${smallFiles} files in folders of a hundred, ${runsText}`, noOp)
  const many = wanted.includes('many-files') ? await benchManyFiles() : undefined
  if (many) reportManyFiles(`The same with ${manyFiles} files, photos alone, ${runsText}`, many)
  const watch = wanted.includes('watch') ? await measureWatch({ work, rounds: runs, signal, say }) : undefined
  if (watch) reportWatch(`Watch: what is resident, ${runs} ${runs === 1 ? 'run' : 'runs'} of each by turns`, watch)
  reportTargets({ ...transfers, noOp, many, watch })
}

/** @param {string} runsText */
async function benchTransfers(runsText) {
  const source = join(work, 'files')
  say(`making ${files} files of 4 MB …`)
  await makeFiles(source, { files, sizeBytes })
  const up = { photos: [], rclone: [] }
  const down = { photos: [], rclone: [] }
  for (let round = 0; round <= runs; round++) {
    say(round === 0 ? 'up and down, warm-up …' : `up and down, round ${round} of ${runs} …`)
    const counted = round === 0 ? { up: noRuns(), down: noRuns() } : { up, down }
    await transferRound(round, { work, source, files, totalBytes, withRclone, signal }, counted)
  }
  await rm(source, { recursive: true })
  const size = `${files} files of 4 MB (${(totalBytes / 1e9).toFixed(2)} GB), ${runsText}`
  reportTransfer(`Sync (up): ${size}`, up, totalBytes, 'up')
  reportTransfer(`Pull (down): ${size}`, down, totalBytes, 'down')
  return { up, down }
}

async function benchNoOp() {
  const source = join(work, 'small')
  say(`making ${smallFiles} small files …`)
  await makeFiles(source, { files: smallFiles, sizeBytes: smallSizeBytes, distinct: distinctSmallFiles })
  const noOp = await measureNoOp({ work, source, files: smallFiles, rounds: runs + 1, withRclone, signal, say })
  await rm(source, { recursive: true })
  return withoutWarmUp(noOp)
}

/** Empty files: nothing of them is read, and a million of them fit on any disk. */
async function benchManyFiles() {
  const source = join(work, 'many')
  say(`making ${manyFiles} empty files …`)
  await makeFiles(source, { files: manyFiles, sizeBytes: 0, distinct: 1 })
  const options = { work, source, files: manyFiles, rounds: runs + 1, withRclone: false, isRemembered: true, signal, say }
  return withoutWarmUp(await measureNoOp(options))
}

/** @param {import('./no-op-case.js').NoOpRuns} noOp */
function withoutWarmUp(noOp) {
  for (const warmedUp of [noOp.photos, noOp.requests, noOp.rclone, noOp.find, noOp.node]) warmedUp.shift()
  return noOp
}

/** @returns {import('./transfer-case.js').Runs} */
function noRuns() {
  return { photos: [], rclone: [] }
}

/** @param {string} message */
function say(message) {
  console.error(`[${new Date().toISOString().slice(11, 19)}] ${message}`)
}

/** @param {string} given */
function parseCount(given) {
  const count = Number(given)
  if (Number.isInteger(count) && count > 0) return count
  console.error(
    `${given} is not a count; flags: --files N, --runs N, --small-files N, --many-files N, --only PART,PART, --folder DIR, --quick`,
  )
  process.exit(2)
}
