import type { Command } from 'commander'
import type { Context, Finish } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { ListRange } from '../remote/remote.ts'
import { openRemote } from '../session/open-remote.ts'
import type { Reporter } from '../terminal/reporter.ts'
import { parseTimeRange } from '../time-range.ts'
import { verify } from '../verify/verify.ts'
import { jsonOption, libraryOption, profileOption, quietOption, sinceOption, untilOption, verboseOption } from './options.ts'
import { createRunReporter, runReported } from './run-reported.ts'

interface VerifyFlags {
  readonly since?: string
  readonly until?: string
  readonly library?: string
  readonly profile?: string
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** `photos verify`: has the backend read what it stored. */
export function addVerifyCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('verify')
    .description('have the backend read the stored originals again, every byte, and compare them with their content hashes')
    .addOption(sinceOption())
    .addOption(untilOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
    .action(async (flags: VerifyFlags) => finish(await verifyAsTyped(flags, context)))
}

async function verifyAsTyped(flags: VerifyFlags, context: Context): Promise<ExitCode> {
  const range = parseTimeRange(flags, context.now())
  const reporter = await createRunReporter('verify', flags, context)
  return await runReported(reporter, context.signal, () => verifyRange(reporter, range, flags, context))
}

async function verifyRange(reporter: Reporter, range: ListRange, flags: VerifyFlags, context: Context): Promise<void> {
  const { library, profile } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const { remote, transport, notes, close } = await openRemote({ library, profile, whenMissing: 'require', log }, context)
  try {
    if (!flags.json) for (const message of notes) reporter.on({ kind: 'note', message })
    const { clock } = transport
    for await (const event of verify({ remote, clock, range, signal: context.signal })) reporter.on(event)
  } finally {
    await close()
  }
}
