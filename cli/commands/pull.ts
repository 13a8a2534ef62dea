import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context, Finish } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { defaultThaw, pull } from '../pull/pull.ts'
import type { ListRange } from '../remote/remote.ts'
import type { ThawTier } from '../remote/thaw.ts'
import type { RunEvent } from '../run-event.ts'
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
  untilOption,
  verboseOption,
} from './options.ts'
import { createRunReporter, runReported } from './run-reported.ts'
import {
  addRunLimitOptions,
  addTransferOptions,
  prepareTransport,
  type RunLimitFlags,
  runLimitsOf,
  type TransferFlags,
  untilOvertime,
} from './transfer-options.ts'

interface PullFlags extends TransferFlags, RunLimitFlags {
  readonly to: string
  readonly since?: string
  readonly until?: string
  readonly library?: string
  readonly profile?: string
  readonly thawTier: ThawTier
  readonly thawDays: number
  readonly dryRun?: true
  readonly versions?: true
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** `photos pull`: brings originals back into a folder. @param commandLine what was typed, to be typed again for what thaws */
export function addPullCommand(program: Command, context: Context, finish: Finish, commandLine: readonly string[]): void {
  const command = program
    .command('pull')
    .description('bring originals back, bit for bit; nothing that is in the folder is overwritten')
    .addOption(toOption())
    .addOption(sinceOption())
    .addOption(untilOption())
    .addOption(dryRunOption())
    .addOption(versionsOption())
  addRunLimitOptions(addTransferOptions(command))
  command
    .addOption(thawTierOption())
    .addOption(thawDaysOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
    .action(async (flags: PullFlags) => finish(await pullAsTyped(flags, context, commandLine)))
}

function versionsOption(): Option {
  return new Option(
    '--versions',
    'also bring originals that were edited since, each beside its later version under a name with its content hash',
  ).env('PHOTOS_VERSIONS')
}

function thawTierOption(): Option {
  return new Option('--thaw-tier <tier>', 'how originals in an archive are asked for: bulk takes up to 48 hours, standard 12')
    .env('PHOTOS_THAW_TIER')
    .choices(['bulk', 'standard'])
    .default(defaultThaw.tier)
}

function thawDaysOption(): Option {
  return new Option('--thaw-days <n>', 'how long what was thawed can be pulled')
    .env('PHOTOS_THAW_DAYS')
    .argParser(parseDays)
    .default(defaultThaw.days)
}

function parseDays(text: string): number {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > 365) throw new InvalidArgumentError('give a whole number from 1 to 365.')
  return days
}

async function pullAsTyped(flags: PullFlags, context: Context, commandLine: readonly string[]): Promise<ExitCode> {
  const range = parseTimeRange(flags, context.now())
  const reporter = await createRunReporter('pull', flags, context, commandLine)
  return await runReported(reporter, context.signal, () => pullInto(reporter, range, flags, context))
}

async function pullInto(reporter: Reporter, range: ListRange, flags: PullFlags, context: Context): Promise<void> {
  const { to, transfers, thawTier, thawDays, library, profile, dryRun = false, versions = false } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const { remote, transport, notes, close } = await openRemote({ library, profile, whenMissing: 'require', log }, context)
  try {
    if (!flags.json) for (const message of notes) reporter.on({ kind: 'note', message })
    const limits = runLimitsOf(flags, transport)
    const on = (event: RunEvent): void => reporter.on(event)
    prepareTransport(transport, flags, on, limits)
    const thaw = { tier: thawTier, days: thawDays }
    const options = { remote, transport, range, to, transfers, thaw, dryRun, versions, limits, signal: context.signal }
    await untilOvertime(limits, transport, on, async () => {
      for await (const event of pull(options)) on(event)
    })
  } finally {
    await close()
  }
}
