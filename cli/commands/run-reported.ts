import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import type { ExitCode } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { formatCommand } from '../terminal/explain-failure.ts'
import { createReporter, findReporterMode, type Reporter } from '../terminal/reporter.ts'
import type { RunKind } from '../terminal/tally.ts'

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
