import { formatTable, median, ratios, spread } from './figures.js'

/**
 * @typedef {import('./measure.js').Measurement} Measurement
 * @typedef {import('./transfer-case.js').Runs} Runs
 * @typedef {import('./no-op-case.js').NoOpRuns} NoOpRuns
 * @typedef {import('./watch-case.js').WatchRuns} WatchRuns
 * @typedef {import('./watch-case.js').WatchRun} WatchRun
 * @typedef {(run: Measurement) => number} Figure
 */

const megabyte = 1e6

/** @type {readonly (readonly [name: string, figure: Figure, digits: number])[]} */
const memoryAndBackend = [
  ['peak memory of the client, MB', (run) => run.peakBytes / megabyte, 0],
  ['CPU of the backend, s', (run) => run.backendCpuSeconds, 2],
  ['peak memory of the backend, MB', (run) => run.backendPeakBytes / megabyte, 0],
]

/** @param {string} title @param {Runs} runs @param {number} totalBytes @param {'up' | 'down'} direction */
export function reportTransfer(title, runs, totalBytes, direction) {
  const perGigabyte = cpuPerGigabyte(totalBytes)
  /** @type {typeof memoryAndBackend} */
  const wall =
    direction === 'up'
      ? [
          ['wall until all bytes are sent, s', (run) => run.sentSeconds ?? run.wallSeconds, 2],
          ['wall until all is confirmed, s', (run) => run.wallSeconds, 2],
        ]
      : [['wall, s', (run) => run.wallSeconds, 2]]
  const figures = [/** @type {const} */ (['CPU of the client, s/GB', perGigabyte, 2]), ...wall, ...memoryAndBackend]
  const rows = figures.map(([name, figure, digits]) => row(name, runs.photos.map(figure), runs.rclone.map(figure), digits))
  console.log(`\n${title}\n${formatTable([header(direction === 'up' ? 'photos sync' : 'photos pull'), ...rows])}`)
}

/** @param {string} title @param {NoOpRuns} runs */
export function reportNoOp(title, runs) {
  /** @type {typeof memoryAndBackend} */
  const figures = [
    ['CPU of the client, s', (run) => run.cpuSeconds, 2],
    ['wall, s', (run) => run.wallSeconds, 2],
    ...memoryAndBackend,
  ]
  const rows = figures.map(([name, figure, digits]) => row(name, runs.photos.map(figure), runs.rclone.map(figure), digits))
  const wallOf = (/** @type {readonly Measurement[]} */ some) => some.map((run) => run.wallSeconds)
  const floor = `find -printf '%s %T@' of the same tree: ${spread(wallOf(runs.find), 2)} s; node -e 0: ${spread(wallOf(runs.node), 2)} s`
  const first = [
    ['photos sync', runs.firstSync],
    ['rclone copy', runs.firstCopy],
  ].flatMap(([name, run]) => (typeof run === 'object' ? [`${name} ${run.wallSeconds.toFixed(0)} s`] : []))
  console.log(`\n${title}\n${formatTable([header('photos sync'), ...rows])}`)
  console.log(`  ${floor}\n  the first time, once, wall: ${first.join(', ')}`)
}

/** @param {string} title @param {NoOpRuns} runs */
export function reportManyFiles(title, runs) {
  const figures = memoryAndBackend.slice(0, 1)
  const rows = [/** @type {const} */ (['wall, s', (/** @type {Measurement} */ run) => run.wallSeconds, 2]), ...figures]
  const lines = rows.map(([name, figure, digits]) => [name, spread(runs.photos.map(figure), digits)])
  console.log(`\n${title}\n${formatTable([['median (least–most)', 'photos sync'], ...lines])}`)
  console.log(
    `  find of the same tree: ${spread(
      runs.find.map((run) => run.wallSeconds),
      2,
    )} s`,
  )
}

/** @param {string} title @param {WatchRuns} runs */
export function reportWatch(title, runs) {
  const figures = /** @type {const} */ ([
    ['after 5,000 events, MB', (/** @type {WatchRun} */ run) => run.first.residentBytes / megabyte, 1],
    ['after 50,000 events, MB', (/** @type {WatchRun} */ run) => run.last.residentBytes / megabyte, 1],
    ['ratio', growthOf, 2],
    ['of it held by objects, after 5,000, MB', (/** @type {WatchRun} */ run) => run.first.heldBytes / megabyte, 1],
    ['of it held by objects, after 50,000, MB', (/** @type {WatchRun} */ run) => run.last.heldBytes / megabyte, 1],
  ])
  const rows = figures.map(([name, figure, digits]) => [
    name,
    ...[runs.asItIs, runs.keepingNothing].map((some) => spread(some.map(figure), digits)),
  ])
  console.log(`\n${title}\n${formatTable([['median (least–most)', 'photos watch', 'keeping nothing'], ...rows])}`)
}

/** @param {WatchRun} run */
function growthOf({ first, last }) {
  return last.residentBytes / first.residentBytes
}

/** @param {string} name */
function header(name) {
  return ['median (least–most)', name, 'rclone copy', 'ratio']
}

/** @param {string} name @param {number[]} ours @param {number[]} theirs @param {number} digits */
function row(name, ours, theirs, digits) {
  return [name, spread(ours, digits), spread(theirs, digits), spread(ratios(ours, theirs), 2)]
}

/** @param {number} totalBytes @returns {Figure} */
function cpuPerGigabyte(totalBytes) {
  return (run) => run.cpuSeconds / (totalBytes / 1e9)
}

/** @param {{ up: Runs, down: Runs, noOp: NoOpRuns | undefined, many: NoOpRuns | undefined, watch: WatchRuns | undefined }} all */
export function reportTargets({ up, down, noOp, many, watch }) {
  const cpuRatio = (/** @type {Runs} */ runs) => {
    const [ours, theirs] = [runs.photos, runs.rclone].map((some) => some.map((run) => run.cpuSeconds))
    return ratios(ours ?? [], theirs ?? [])
  }
  const peaksOf = (/** @type {readonly Measurement[]} */ some) => some.map((run) => run.peakBytes / megabyte)
  const transferPeaks = peaksOf([...up.photos, ...down.photos])
  const isTransferred = transferPeaks.length > 0
  const rows = [
    ...(isTransferred ? [target('sync: CPU of the client / of rclone', cpuRatio(up), 0.6)] : []),
    ...(isTransferred ? [target('pull: CPU of the client / of rclone', cpuRatio(down), 1)] : []),
    ...(isTransferred
      ? [target('peak memory of sync and pull, the most of all runs, MB', [Math.max(...transferPeaks)], 150)]
      : []),
    ...(noOp ? noOpTargets(noOp) : []),
    ...(noOp && many ? [target('peak memory with many files / with the small ones', manyRatios(noOp, many), 1.1)] : []),
    ...(watch ? [target('watch: resident after 50,000 events / after 5,000', watch.asItIs.map(growthOf), 1.2)] : []),
    ...(watch ? [target('watch: the same, keeping nothing', watch.keepingNothing.map(growthOf), 1.2)] : []),
  ]
  console.log(`\nTargets\n${formatTable([['', 'measured', 'target', ''], ...rows])}`)
}

/** @param {NoOpRuns} noOp */
function noOpTargets(noOp) {
  return [
    target('no-op sync: wall / (find + start of Node)', noOpRatios(noOp), 4),
    target('no-op sync: requests to the backend, the most of all runs', [Math.max(...noOp.requests)], 3),
    target(
      'no-op sync: peak memory, the most of all runs, MB',
      [Math.max(...noOp.photos.map((run) => run.peakBytes / megabyte))],
      120,
    ),
  ]
}

/** Medians: these runs have no pairs. @param {NoOpRuns} few @param {NoOpRuns} many */
function manyRatios(few, many) {
  const [ofMany, ofFew] = [many, few].map(({ photos }) => median(photos.map((run) => run.peakBytes)))
  return [(ofMany ?? Number.NaN) / (ofFew ?? Number.NaN)]
}

/** @param {NoOpRuns} runs */
function noOpRatios({ photos, find, node }) {
  const floors = find.map((run, index) => run.wallSeconds + (node[index]?.wallSeconds ?? 0))
  return ratios(
    photos.map((run) => run.wallSeconds),
    floors,
  )
}

/** @param {string} name @param {number[]} values @param {number} most */
function target(name, values, most) {
  const verdict = values.length === 0 ? 'needs rclone' : median(values) <= most ? 'met' : 'missed'
  return [
    name,
    values.length === 1 ? (values[0] ?? 0).toFixed(values[0] && values[0] > 10 ? 0 : 2) : spread(values, 2),
    `≤ ${most}`,
    verdict,
  ]
}
