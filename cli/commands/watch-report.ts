import { Writable } from 'node:stream'
import type { Context } from '../context.ts'
import { Interruption } from '../interruption.ts'
import { type BatchLine, type BatchReporter, createBatchReporter } from '../terminal/batch-line.ts'
import { findReporterMode } from '../terminal/reporter.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import type { LogFileFlags } from './unattended-options.ts'

/** How much a watch says, and where, as typed. */
export interface WatchReportFlags extends LogFileFlags {
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

export interface WatchReport {
  readonly reporter: BatchReporter
  /** Says in the log file how the watch ended, which it does only by an error. */
  readonly end: (error: unknown) => void
}

/** Tells of a watch as its flags ask, in its log file too. */
export async function openWatchReport(
  folders: readonly string[],
  flags: WatchReportFlags,
  context: Context,
): Promise<WatchReport> {
  const { stdout, stderr, now } = context
  const mode = findReporterMode(flags, context)
  const verbose = flags.verbose === true
  const log = await openRunLog('sync', ['watch', ...folders], flags, context)
  // A bar would be there for years; a line now and then is enough on a terminal, too.
  const shown = createBatchReporter({ mode: mode === 'json' || mode === 'quiet' ? mode : 'lines', stdout, stderr, now, verbose })
  if (log === undefined) return { reporter: shown, end: () => {} }
  return { reporter: both(shown, createLogReporter(log, context, verbose)), end: (error) => endLog(log, error) }
}

function endLog(log: RunLog, error: unknown): void {
  if (error instanceof Interruption) log.end(error.exitCode)
  else log.fail(error)
  log.close()
}

/** The log file puts the time before each line. */
function createLogReporter(log: RunLog, { now }: Context, verbose: boolean): BatchReporter {
  const lines = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trimEnd().split('\n')) log.note(line)
      done()
    },
  })
  return createBatchReporter({ mode: 'lines', stdout: lines, stderr: lines, now, verbose, isTimed: false })
}

function both(one: BatchReporter, other: BatchReporter): BatchReporter {
  return {
    note(message) {
      one.note(message)
      other.note(message)
    },
    begin: (isFull) => bothLines(one.begin(isFull), other.begin(isFull)),
  }
}

function bothLines(one: BatchLine, other: BatchLine): BatchLine {
  return {
    on(event) {
      one.on(event)
      other.on(event)
    },
    finish() {
      one.finish()
      other.finish()
    },
    putOff(error) {
      one.putOff(error)
      other.putOff(error)
    },
    interrupt() {
      one.interrupt()
      other.interrupt()
    },
  }
}
