import { relative, resolve } from 'node:path'
import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { explainFailure, formatCommand } from '../terminal/explain-failure.ts'
import { openLogFile } from '../terminal/log-file.ts'
import { createReporter, type Reporter } from '../terminal/reporter.ts'
import type { RunKind } from '../terminal/tally.ts'
import { realPathOf, throughLinks } from '../terminal/through-links.ts'
import { formatBug, visible } from '../terminal/visible.ts'
import type { LogFileFlags } from './unattended-options.ts'

/** What a run says, in its log file. */
export interface RunLog {
  readonly reporter: Reporter
  note(message: string): void
  end(exitCode: ExitCode): void
  fail(error: unknown): void
  close(): void
}

export interface RunLogFlags extends LogFileFlags {
  readonly dryRun?: boolean
  readonly verbose?: boolean
}

/**
 * Opens the log file that the flags name, and says in it what begins; undefined where they name none.
 *
 * @param commandLine what is said of the run: its command and its folders, without what may be a secret
 */
export async function openRunLog(
  kind: RunKind,
  commandLine: readonly string[],
  { logFile, logMaxSize = Number.POSITIVE_INFINITY, dryRun = false, verbose = false }: RunLogFlags,
  context: Context,
): Promise<RunLog | undefined> {
  if (logFile === undefined) return undefined
  if (kind === 'sync') refuseLogInSource(logFile, commandLine.slice(1))
  const onFailure = (reason: string): void => {
    context.stderr.write(`${visible(`the log file ${logFile} cannot be written: ${reason}`)}\n`)
  }
  const { stream, close } = openLogFile(logFile, { now: context.now, maximumBytes: logMaxSize, onFailure })
  const now = (): number => context.now().getTime()
  const reporter = await createReporter({ kind, mode: 'log', stdout: stream, stderr: stream, now, dryRun, verbose })
  const say = (text: string): void => void stream.write(`${text}\n`)
  say(`begins: ${formatCommand(commandLine)}`)
  return {
    reporter,
    note: say,
    end: (exitCode) => say(`ended with exit code ${exitCode}`),
    fail(error) {
      if (!(error instanceof UserError)) return say(formatBug(error))
      stream.write(explainFailure(error, commandLine, stream))
      say(`ended with exit code ${error.exitCode}`)
    },
    close,
  }
}

/** Sources are never written to. Throws a `UserError` with exit code 2 for a log file that would lie in one. */
export function refuseLogInSource(logFile: string, sources: readonly string[]): void {
  const path = throughLinks(logFile)
  const source = sources.find((folder) => {
    const below = relative(realPathOf(resolve(folder)), path)
    return below !== '..' && !below.startsWith('../')
  })
  if (source === undefined) return
  throw new UserError(`the log file would lie in ${source}, which is only read`, {
    exitCode: exitCodes.usage,
    hint: 'name a file in another folder with --log-file',
  })
}
