import type { ExitCode } from '../exit-codes.ts'
import { type PullOptions, pull } from '../pull/pull.ts'
import type { Reporter } from '../terminal/reporter.ts'

/** `photos pull`: hands what the pull tells to the reporter and ends with its exit code. */
export async function runPull(options: PullOptions, reporter: Reporter): Promise<ExitCode> {
  try {
    for await (const event of pull(options)) reporter.on(event)
    return reporter.finish().exitCode
  } finally {
    reporter.close()
  }
}
