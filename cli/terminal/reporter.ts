import type { Writable } from 'node:stream'
import type { ExitCode } from '../exit-codes.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
import { formatComeBack } from './come-back.ts'
import { createBar, type ProgressBar, type TerminalStream } from './progress-bar.ts'
import { formatProgress } from './progress-line.ts'
import { formatDone, formatSummary, summaryMessage } from './summary.ts'
import { createTally, type Progress, type RunKind, type Summary } from './tally.ts'
import { visible } from './visible.ts'
import { type Breadth, wrapFor } from './wrap.ts'

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

export interface ReporterOptions {
  readonly kind: RunKind
  readonly mode: ReporterMode
  readonly stdout: Writable
  readonly stderr: TerminalStream
  /** Milliseconds. */
  readonly now: () => number
  readonly verbose?: boolean
  /** Nothing is done, and the summary says so. */
  readonly dryRun?: boolean
  /** The command as it was typed, for a run that has to be repeated. */
  readonly typed?: string
}

/** What ends a run before its time; with a hint where the user can mend it. */
export interface StoppedBy extends Error {
  readonly exitCode: ExitCode
  readonly hint?: string
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

type LeftOutEvent = Extract<RunEvent, { kind: 'left_out' }>

const leftOutReasons: Readonly<Record<LeftOutEvent['cause'], string>> = {
  hidden: 'a hidden name',
  junk: 'junk by its name',
  filters: 'by a filter',
  libraries: 'a library of photos',
  system: 'made up by the system: no files lie there',
}

/** What one mode does with what a run tells. */
interface View {
  file(outcome: FileOutcome): void
  leftOut(leftOut: LeftOutEvent): void
  note(message: string): void
  /** As a note, but also shown with `--quiet`. */
  urgentNote(message: string): void
  /** Why not all was done; shown with `--quiet`, too. */
  problem(message: string): void
  progress(progress: Progress): void
  finish(summary: Summary): void
  stop(summary: Summary, cause: StoppedBy): void
  close(): void
}

/** A hundred thousand unchanged files must not cost a hundred thousand lines that nobody sees. */
const progressIntervalMs = 100

export async function createReporter(options: ReporterOptions): Promise<Reporter> {
  const tally = createTally(options.kind, options.now, options.dryRun)
  const view = await createView(options)
  let lastMs = Number.NEGATIVE_INFINITY
  return {
    on(event) {
      tally.count(event)
      if (event.kind === 'file') view.file(event.outcome)
      if (event.kind === 'left_out' && options.verbose) view.leftOut(event)
      if (event.kind === 'note') (event.isUrgent ? view.urgentNote : view.note)(event.message)
      if (event.kind === 'incomplete') view.problem(event.message)
      if (options.now() - lastMs < progressIntervalMs) return
      lastMs = options.now()
      view.progress(tally.progress())
    },
    finish() {
      const summary = tally.summarize()
      view.close()
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

async function createView(options: ReporterOptions): Promise<View> {
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

function createTerminalView(options: ReporterOptions, bar: ProgressBar): View {
  const lines = createLinesView({ ...options, stderr: bar.lines })
  return { ...lines, progress: (progress) => bar.show(progress), close: () => bar.hide() }
}

const longestSilenceMs = 10_000
const stepOfBytes = 0.05

function createLinesView({
  kind,
  stdout,
  stderr,
  now,
  verbose = false,
  dryRun = false,
  typed = 'the same command',
}: Omit<ReporterOptions, 'stderr'> & { readonly stderr: Pick<Writable, 'write'> & Breadth }): View {
  const print = printer(stdout)
  const note = (message: string): void => void stderr.write(`${wrapFor(stderr, visible(message))}\n`)
  let lastMs = now()
  let lastShare = 0
  return {
    file(outcome) {
      if (outcome.action === 'failed' || verbose) stderr.write(`${formatOutcome(outcome)}\n`)
    },
    leftOut: ({ path, cause }) => void stderr.write(`left out: ${visible(path)}: ${leftOutReasons[cause]}\n`),
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

export function formatOutcome({ action, path, reason }: FileOutcome): string {
  const words = action.replace('_', ' ')
  return reason === undefined ? `${words}: ${visible(path)}` : `${words}: ${visible(path)}: ${visible(reason)}`
}

const statusIntervalMs = 1000

function createJsonView({ stdout, stderr, now }: ReporterOptions): View {
  const print = printer(stdout)
  const note = (message: string): void => print(JSON.stringify({ message_type: 'status', message }))
  let lastMs = now()
  return {
    file: (outcome) => print(JSON.stringify(fileMessage(outcome))),
    leftOut: (event) => print(JSON.stringify(leftOutMessage(event))),
    note,
    urgentNote: note,
    problem: (message) => print(JSON.stringify({ message_type: 'error', message })),
    progress(progress) {
      if (now() - lastMs < statusIntervalMs) return
      lastMs = now()
      print(JSON.stringify(statusMessage(progress)))
    },
    finish: (summary) => print(JSON.stringify(summaryMessage(summary))),
    stop(summary, cause) {
      if (cause.hint === undefined) stderr.write(formatStop(summary, cause))
      else print(JSON.stringify({ message_type: 'error', message: cause.message, hint: cause.hint, exit_code: cause.exitCode }))
      print(JSON.stringify(summaryMessage(summary)))
    },
    close: () => {},
  }
}

/** An interruption in a line. A failure explains itself; before it stands what was done, if anything was. */
function formatStop(summary: Summary, { hint }: StoppedBy): string {
  const done = formatDone(summary)
  if (hint === undefined) return `interrupted: ${done ?? 'nothing was done'}; safe to run again\n`
  return done === undefined ? '' : `stopped: ${done}; safe to run again\n`
}

export function fileMessage({ action, path, sizeBytes, contentHash, reason }: FileOutcome): Record<string, unknown> {
  return {
    message_type: action === 'failed' ? 'error' : 'file',
    action,
    path,
    size_bytes: sizeBytes,
    content_hash: contentHash ?? null,
    reason: reason ?? null,
  }
}

/** Of no file's size or content, as nobody has looked; the summary does not count it. */
export function leftOutMessage({ path, cause }: LeftOutEvent): Record<string, unknown> {
  const nothing = { size_bytes: null, content_hash: null }
  return { message_type: 'file', action: 'left_out', path, ...nothing, reason: leftOutReasons[cause] }
}

function statusMessage(progress: Progress): Record<string, unknown> {
  return {
    message_type: 'status',
    files_done: progress.filesDone,
    total_files: progress.filesFound,
    bytes_done: progress.bytesDone,
    total_bytes: progress.bytesFound,
    bytes_per_second: Math.round(progress.bytesPerSecond),
    seconds_elapsed: Math.round(progress.seconds),
    seconds_remaining: progress.secondsLeft === undefined ? null : Math.round(progress.secondsLeft),
  }
}

/** Writes lines until nobody reads them any more. */
export function printer(stdout: Writable): (line: string) => void {
  let left = false
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    left = true
  })
  return (line) => {
    if (!left && !stdout.destroyed) stdout.write(`${line}\n`)
  }
}
