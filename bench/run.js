// What `photos` costs beside rclone, against one S3 in the same run. bench/README.md says what is measured and how.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildBackend } from './backend.js'
import { findRclone } from './clients.js'
import { makeFiles } from './make-files.js'
import { measureNoOp } from './no-op-case.js'
import { reportNoOp, reportTargets, reportTransfer } from './report.js'
import { transferRound } from './transfer-case.js'

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string' },
    runs: { type: 'string' },
    'small-files': { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    quick: { type: 'boolean', default: false },
  },
})
const files = parseCount(flags.files ?? (flags.quick ? '50' : '500'))
const runs = parseCount(flags.runs ?? (flags.quick ? '1' : '3'))
const smallFiles = parseCount(flags['small-files'] ?? (flags.quick ? '5000' : '100000'))
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
  await buildBackend()

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
  const runsText = `${runs} ${runs === 1 ? 'run' : 'runs'} of each, after a warm-up`
  const size = `${files} files of 4 MB (${(totalBytes / 1e9).toFixed(2)} GB), ${runsText}`
  reportTransfer(`Sync (up): ${size}`, up, totalBytes, 'up')
  reportTransfer(`Pull (down): ${size}`, down, totalBytes, 'down')

  const noOp = await benchNoOp()
  reportNoOp(`Sync again, nothing to do: ${smallFiles} files, ${runsText}`, noOp)
  reportTargets({ up, down, noOp })
}

async function benchNoOp() {
  const source = join(work, 'small')
  say(`making ${smallFiles} small files …`)
  await makeFiles(source, { files: smallFiles, sizeBytes: smallSizeBytes, distinct: distinctSmallFiles })
  const noOp = await measureNoOp({ work, source, files: smallFiles, rounds: runs + 1, withRclone, signal, say })
  for (const warmedUp of [noOp.photos, noOp.rclone, noOp.find, noOp.node]) warmedUp.shift()
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
  console.error(`${given} is not a count; flags: --files N, --runs N, --small-files N, --folder DIR, --quick`)
  process.exit(2)
}
