import type { Command } from 'commander'
import type { Context, Finish } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { pull } from '../pull/pull.ts'
import type { ListRange } from '../remote/remote.ts'
import { openRemote } from '../session/open-remote.ts'
import type { Reporter } from '../terminal/reporter.ts'
import { parseTimeRange } from '../time-range.ts'
import {
  dryRunOption,
  jsonOption,
  libraryOption,
  profileOption,
  quietOption,
  sinceOption,
  toOption,
  transfersOption,
  untilOption,
  verboseOption,
} from './options.ts'
import { createRunReporter, runReported } from './run-reported.ts'

interface PullFlags {
  readonly to: string
  readonly since?: string
  readonly until?: string
  readonly library?: string
  readonly profile?: string
  readonly transfers: number
  readonly dryRun?: true
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** `photos pull`: brings originals back into a folder. */
export function addPullCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('pull')
    .description('bring originals back, bit for bit; nothing that is in the folder is overwritten')
    .addOption(toOption())
    .addOption(sinceOption())
    .addOption(untilOption())
    .addOption(dryRunOption())
    .addOption(transfersOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
    .action(async (flags: PullFlags) => finish(await pullAsTyped(flags, context)))
}

async function pullAsTyped(flags: PullFlags, context: Context): Promise<ExitCode> {
  const range = parseTimeRange(flags, context.now())
  const reporter = await createRunReporter('pull', flags, context)
  return await runReported(reporter, context.signal, () => pullInto(reporter, range, flags, context))
}

async function pullInto(reporter: Reporter, range: ListRange, flags: PullFlags, context: Context): Promise<void> {
  const { to, transfers, library, profile, dryRun = false } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const { remote, transport, notes, close } = await openRemote({ library, profile, whenMissing: 'require', log }, context)
  try {
    if (!flags.json) for (const message of notes) reporter.on({ kind: 'note', message })
    const options = { remote, transport, range, to, transfers, dryRun, signal: context.signal }
    for await (const event of pull(options)) reporter.on(event)
  } finally {
    await close()
  }
}
