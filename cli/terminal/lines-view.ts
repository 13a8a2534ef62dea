import { formatComeBack } from './come-back.ts'
import { createLinePrinter } from './line-printer.ts'
import { formatLeftOut, formatOutcome } from './outcome-lines.ts'
import { formatProgress } from './progress-line.ts'
import type { RunView, RunViewOptions } from './run-view.ts'
import { formatStop } from './stop-line.ts'
import { formatSummary } from './summary.ts'
import { visible } from './visible.ts'
import { wrapFor } from './wrap.ts'

const longestSilenceMs = 10_000
const stepOfBytes = 0.05

/** Lines for people, on a terminal or in a log. */
export function createLinesView({
  kind,
  stdout,
  stderr,
  now,
  verbose = false,
  dryRun = false,
  typed = 'the same command',
}: RunViewOptions): RunView {
  const print = createLinePrinter(stdout)
  const note = (message: string): void => void stderr.write(`${wrapFor(stderr, visible(message))}\n`)
  let lastMs = now()
  let lastShare = 0
  return {
    file(outcome) {
      if (outcome.action === 'failed' || verbose) stderr.write(`${formatOutcome(outcome)}\n`)
    },
    leftOut: (leftOut) => void stderr.write(`${formatLeftOut(leftOut)}\n`),
    note,
    urgentNote: note,
    problem: note,
    progress(progress) {
      const share = progress.bytesFound === 0 ? 0 : progress.bytesDone / progress.bytesFound
      const isDue = now() - lastMs >= longestSilenceMs || (share >= lastShare + stepOfBytes && now() - lastMs >= 1000)
      if (!isDue) return
      lastMs = now()
      lastShare = share
      stderr.write(`${formatProgress(kind, progress)}\n`)
    },
    finish(summary) {
      print(formatSummary(summary, dryRun))
      const comeBack = formatComeBack(summary, dryRun ? undefined : typed)
      if (comeBack !== undefined) stderr.write(`${wrapFor(stderr, visible(comeBack))}\n`)
    },
    stop: (summary, cause) => void stderr.write(formatStop(summary, cause)),
    close: () => {},
  }
}
