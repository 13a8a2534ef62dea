import { hostname } from 'node:os'
import type { Command } from 'commander'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { openRemote } from '../session/open-remote.ts'
import { createOriginalSender } from '../sync/original-sender.ts'
import { findSources } from '../sync/sources.ts'
import { sync } from '../sync/sync.ts'
import type { Reporter } from '../terminal/reporter.ts'
import {
  dryRunOption,
  jsonOption,
  knownDeviceOption,
  libraryOption,
  profileOption,
  quietOption,
  sourcesArgument,
  transfersOption,
  verboseOption,
} from './options.ts'
import { createRunReporter, runReported } from './run-reported.ts'

interface SyncFlags {
  readonly device?: string
  readonly library?: string
  readonly profile?: string
  readonly transfers: number
  readonly dryRun?: true
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** `photos sync`: backs up folders. */
export function addSyncCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('sync')
    .description('back up the photos, videos and sidecars of folders; what is stored already is not sent again')
    .addArgument(sourcesArgument())
    .addOption(dryRunOption())
    .addOption(transfersOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(knownDeviceOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
    .action(async (folders: string[], flags: SyncFlags) => finish(await syncAsTyped(folders, flags, context)))
}

async function syncAsTyped(folders: readonly string[], flags: SyncFlags, context: Context): Promise<ExitCode> {
  // A missing folder is told before anything is opened or made.
  findSources(folders, flags.library ?? defaultLibraryFolder(context))
  const reporter = await createRunReporter('sync', flags, context)
  return await runReported(reporter, context.signal, () => syncInto(reporter, folders, flags, context))
}

async function syncInto(reporter: Reporter, folders: readonly string[], flags: SyncFlags, context: Context): Promise<void> {
  const { transfers, library, profile, dryRun = false } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const whenMissing = dryRun ? 'pretend' : 'create'
  const opened = await openRemote({ library, profile, whenMissing, log }, context)
  const { remote, transport, notes, openState, close } = opened
  // As `photos devices` calls it, where nothing else is said: one machine is not to have two names.
  const device = flags.device ?? opened.deviceName ?? hostname()
  try {
    for (const message of notes) reporter.on({ kind: 'note', message })
    const state = await openState()
    try {
      const sender = createOriginalSender(transport)
      const { clock } = transport
      const options = { remote, state, sender, device, transfers, dryRun, clock, signal: context.signal }
      for await (const event of sync(folders, options)) reporter.on(event)
    } finally {
      await state.close()
    }
  } finally {
    await close()
  }
}
