import type { Command } from 'commander'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { findSources } from '../sync/sources.ts'
import { type BackUpFlags, backUp } from './back-up.ts'
import {
  dryRunOption,
  jsonOption,
  knownDeviceOption,
  libraryOption,
  profileOption,
  quietOption,
  sourcesArgument,
  verboseOption,
} from './options.ts'
import { runLogged } from './run-reported.ts'
import { addFilesFromOption, addSelectionOptions } from './selection-options.ts'
import { addStateOptions } from './state-options.ts'
import { addRunLimitOptions, addTransferOptions } from './transfer-options.ts'
import { addUnattendedOptions, type UnattendedFlags } from './unattended-options.ts'

interface SyncFlags extends BackUpFlags, UnattendedFlags {
  readonly json?: true
  readonly quiet?: true
}

/** `photos sync`: backs up folders. */
export function addSyncCommand(program: Command, context: Context, finish: Finish): void {
  describeSync(program.command('sync')).action(async (folders: string[], flags: SyncFlags) =>
    finish(await syncAsTyped(folders, flags, context)),
  )
}

/** What may be typed after `photos sync`. */
export function describeSync(command: Command): Command {
  command
    .description('back up the photos, videos and sidecars of folders; what is stored already is not sent again')
    .addArgument(sourcesArgument())
    .addOption(dryRunOption())
  addSelectionOptions(command)
  addFilesFromOption(command)
  addRunLimitOptions(addTransferOptions(command))
  addStateOptions(command)
  command
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(knownDeviceOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
  return addUnattendedOptions(command)
}

async function syncAsTyped(folders: readonly string[], flags: SyncFlags, context: Context): Promise<ExitCode> {
  return await runLogged('sync', ['sync', ...folders], { flags, context }, async (reporter) => {
    // A missing folder is told before anything is opened or made.
    findSources(folders, flags.library ?? defaultLibraryFolder(context))
    await backUp(folders, flags, context, { on: (event) => reporter.on(event) })
  })
}
