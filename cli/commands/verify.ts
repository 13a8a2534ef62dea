import type { Command } from 'commander'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { ListRange } from '../remote/remote.ts'
import { openRemote } from '../session/open-remote.ts'
import { findSources, type Source } from '../sync/sources.ts'
import type { Reporter } from '../terminal/reporter.ts'
import { parseTimeRange } from '../time-range.ts'
import { verify, verifySources } from '../verify/verify.ts'
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
    .argument('[path...]', 'only the originals of these files, and of those in these folders')
    .addOption(sinceOption())
    .addOption(untilOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
    .action(async (paths: string[], flags: VerifyFlags) => finish(await verifyAsTyped(paths, flags, context)))
}

/** Files, or all that was taken within a range of time. */
type Wanted = { readonly sources: readonly Source[] } | { readonly range: ListRange }

async function verifyAsTyped(paths: readonly string[], flags: VerifyFlags, context: Context): Promise<ExitCode> {
  const wanted = wantedOf(paths, flags, context)
  const reporter = await createRunReporter('verify', flags, context)
  return await runReported(reporter, context.signal, () => verifyWanted(reporter, wanted, flags, context))
}

function wantedOf(paths: readonly string[], flags: VerifyFlags, context: Context): Wanted {
  if (paths.length === 0) return { range: parseTimeRange(flags, context.now()) }
  if (flags.since === undefined && flags.until === undefined) {
    return { sources: findSources(paths, flags.library ?? defaultLibraryFolder(context)) }
  }
  throw new UserError('paths, and --since or --until, are two ways to say what', {
    exitCode: exitCodes.usage,
    hint: 'give one of them',
  })
}

async function verifyWanted(reporter: Reporter, wanted: Wanted, flags: VerifyFlags, context: Context): Promise<void> {
  const { library, profile } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const { remote, transport, notes, close } = await openRemote({ library, profile, whenMissing: 'require', log }, context)
  try {
    if (!flags.json) for (const message of notes) reporter.on({ kind: 'note', message })
    const options = { remote, clock: transport.clock, signal: context.signal }
    const events = 'sources' in wanted ? verifySources({ ...options, ...wanted }) : verify({ ...options, ...wanted })
    for await (const event of events) reporter.on(event)
  } finally {
    await close()
  }
}
