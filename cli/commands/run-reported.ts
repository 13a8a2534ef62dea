import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import type { ExitCode } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { formatCommand } from '../terminal/explain-failure.ts'
import { createReporter, findReporterMode, type Reporter } from '../terminal/reporter.ts'
import type { RunKind, Summary } from '../terminal/tally.ts'
import { visible } from '../terminal/visible.ts'
import { runUnattended } from '../unattended/run-unattended.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import { listenersOf, type UnattendedFlags } from './unattended-options.ts'

export interface ReportingFlags {
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
}

/** Tells of a run as its flags and its terminal ask. @param commandLine what was typed after `photos`, to be typed again */
export async function createRunReporter(
  kind: RunKind,
  flags: ReportingFlags,
  context: Context,
  commandLine: readonly string[] = [],
): Promise<Reporter> {
  return await createReporter({
    kind,
    mode: findReporterMode(flags, context),
    stdout: context.stdout,
    stderr: context.stderr,
    now: () => context.now().getTime(),
    verbose: flags.verbose === true,
    dryRun: flags.dryRun === true,
    ...(commandLine.length > 0 && { typed: formatCommand(commandLine) }),
  })
}

/**
 * Runs the work of a `sync` or `pull` and shows how it ended: with its summary, or with what was done until it was stopped.
 * Resolves with its exit code; rethrows what still has to be explained, which is everything but an interruption.
 */
export async function runReported(reporter: Reporter, signal: AbortSignal, work: () => Promise<void>): Promise<ExitCode> {
  try {
    await work()
    signal.throwIfAborted()
    return reporter.finish().exitCode
  } catch (error) {
    const cause: unknown = signal.aborted ? signal.reason : error
    if (cause instanceof Interruption || cause instanceof UserError) reporter.stop(cause)
    if (cause instanceof Interruption) return cause.exitCode
    throw error
  } finally {
    reporter.close()
  }
}

/**
 * The same for a run that nobody may be looking at: kept in its log file, and told to those whom its flags name. Whatever goes
 * wrong with these is said on standard error, and changes nothing else. @param commandLine what is said of the run in its log: no secret
 */
export async function runLogged(
  kind: RunKind,
  commandLine: readonly string[],
  { flags, context }: { readonly flags: ReportingFlags & UnattendedFlags; readonly context: Context },
  work: (reporter: Reporter) => Promise<void>,
): Promise<ExitCode> {
  const listeners = listenersOf(flags)
  const log = await openRunLog(kind, commandLine, flags, context)
  let summary: Summary | undefined
  const note = (message: string): void => {
    context.stderr.write(`${visible(message)}\n`)
    log?.note(message)
  }
  const keepSummary = (end: Summary): Summary => {
    summary = end
    return end
  }
  try {
    const exitCode = await runUnattended({ listeners, context, note, summary: () => summary }, async () => {
      const reporter = observed(await createRunReporter(kind, flags, context), log?.reporter, keepSummary)
      return await runReported(reporter, context.signal, () => work(reporter))
    })
    log?.end(exitCode)
    return exitCode
  } catch (error) {
    log?.fail(error)
    throw error
  } finally {
    log?.close()
  }
}

/** A reporter that tells a second one all that it is told, and its end to somebody else. */
function observed(shown: Reporter, logged: RunLog['reporter'] | undefined, onEnd: (summary: Summary) => Summary): Reporter {
  return {
    on(event) {
      shown.on(event)
      logged?.on(event)
    },
    finish() {
      logged?.finish()
      return onEnd(shown.finish())
    },
    stop(cause) {
      logged?.stop(cause)
      return onEnd(shown.stop(cause))
    },
    close() {
      shown.close()
      logged?.close()
    },
  }
}
