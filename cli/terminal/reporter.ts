import { exitCodes } from '../exit-codes.ts'
import type { RunEvent } from '../run-event.ts'
import { createJsonView } from './json-view.ts'
import { createLinesView } from './lines-view.ts'
import { formatNote } from './outcome-lines.ts'
import { createBar, type ProgressBar, type TerminalStream } from './progress-bar.ts'
import type { RunView, RunViewOptions, StoppedBy } from './run-view.ts'
import { createTally, type Summary } from './tally.ts'

/*
 * The rules of what a run shows:
 * - stdout is for results: the summary, or JSON lines and nothing else. stderr is for progress, notes and problems.
 * - A file that failed is always named, with the reason; `quiet` shows nothing but these.
 * - A skipped file is counted in the summary and named with `verbose`, as is every other file. One that is left out is counted
 *   in a note, and named with `verbose`, in JSON too.
 * - Names come from cameras, archives and strangers: on a terminal their control characters are shown, never obeyed.
 *   In JSON they are data and stay as they are.
 * - A bar only on a terminal that can erase a line; elsewhere a line now and then, when something happened, never by a timer.
 * - No colours, so there is nothing for NO_COLOR to turn off.
 * - A reader of stdout that leaves (`| head`) ends the output, not the run.
 */

/** `log`: lines for a file, which nobody watches as it grows. */
export type ReporterMode = 'terminal' | 'lines' | 'quiet' | 'json' | 'log'

export interface ReporterOptions extends RunViewOptions {
  readonly mode: ReporterMode
  readonly stderr: TerminalStream
}

export interface Reporter {
  on(event: RunEvent): void
  /** Shows the summary. Its exit code is the run's. */
  finish(): Summary
  /** Shows what was done until the run was stopped. The reason itself is told by who ends the program, except in JSON. */
  stop(cause: StoppedBy): Summary
  /** Takes the bar away when a run ends by an error. Harmless after `finish`. */
  close(): void
}

/** How to report, by the flags and by what stderr is. */
export function findReporterMode(
  flags: { readonly json?: boolean; readonly quiet?: boolean },
  {
    stderr,
    environment,
  }: { readonly stderr: TerminalStream; readonly environment: Readonly<Record<string, string | undefined>> },
): ReporterMode {
  if (flags.json) return 'json'
  if (flags.quiet) return 'quiet'
  return stderr.isTTY && environment['TERM'] !== 'dumb' ? 'terminal' : 'lines'
}

/** A hundred thousand unchanged files must not cost a hundred thousand lines that nobody sees. */
const progressIntervalMs = 100
const howToMend = 'keep your own copies of what the storage has lost or changed; how to send them again: docs/exit-codes.md, 13'

export async function createReporter(options: ReporterOptions): Promise<Reporter> {
  const tally = createTally(options.kind, options.now, options.dryRun)
  const view = await createView(options)
  let lastMs = Number.NEGATIVE_INFINITY
  return {
    on(event) {
      tally.count(event)
      if (event.kind === 'file') view.file(event.outcome)
      if (event.kind === 'left_out' && options.verbose) view.leftOut(event)
      if (event.kind === 'note') (event.isUrgent ? view.urgentNote : view.note)(formatNote(event, options.verbose))
      if (event.kind === 'incomplete') view.problem(event.message)
      if (options.now() - lastMs < progressIntervalMs) return
      lastMs = options.now()
      view.progress(tally.progress())
    },
    finish() {
      const summary = tally.summarize()
      view.close()
      if (summary.exitCode === exitCodes.storedBytesDiffer) view.urgentNote(howToMend)
      view.finish(summary)
      return summary
    },
    stop(cause) {
      const summary = { ...tally.summarize(), exitCode: cause.exitCode }
      view.close()
      view.stop(summary, cause)
      return summary
    },
    close: () => view.close(),
  }
}

async function createView(options: ReporterOptions): Promise<RunView> {
  switch (options.mode) {
    case 'json':
      return createJsonView(options)
    case 'quiet':
      return { ...createLinesView(options), note: () => {}, progress: () => {}, finish: () => {} }
    case 'lines':
      return createLinesView(options)
    case 'log':
      return { ...createLinesView(options), progress: () => {} }
    case 'terminal':
      return createTerminalView(options, await createBar(options.stderr))
  }
}

function createTerminalView(options: ReporterOptions, bar: ProgressBar): RunView {
  const lines = createLinesView({ ...options, stderr: bar.lines })
  return { ...lines, progress: (progress) => bar.show(progress), close: () => bar.hide() }
}
