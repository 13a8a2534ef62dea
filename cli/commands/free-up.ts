import { type Command, Option } from 'commander'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { freeUp } from '../free-up/free-up.ts'
import { openQuarantine, type Quarantine } from '../free-up/quarantine.ts'
import { requireQuarantine } from '../free-up/quarantine-folder.ts'
import { type OpenedRemote, openRemote } from '../session/open-remote.ts'
import type { Selection } from '../sync/selection.ts'
import { findSources, type Source } from '../sync/sources.ts'
import type { Reporter } from '../terminal/reporter.ts'
import { parseModificationRange } from '../time-range.ts'
import { asTypedTime } from './as-typed.ts'
import { dryRunOption, jsonOption, libraryOption, profileOption, quietOption, toOption, verboseOption } from './options.ts'
import { createRunReporter, runReported } from './run-reported.ts'

interface FreeUpFlags {
  readonly to: string
  readonly older?: string
  readonly library?: string
  readonly profile?: string
  readonly dryRun?: true
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** `photos free-up`: moves files aside whose originals the backend has just verified. */
export function addFreeUpCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('free-up')
    .description('move files aside whose stored originals the backend has just read again; nothing is deleted')
    .argument('<dir>', 'folder in which room is to be made')
    .addOption(quarantineOption())
    .addOption(olderOption())
    .addOption(dryRunOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
    .action(async (folder: string, flags: FreeUpFlags) => finish(await freeUpAsTyped(folder, flags, context)))
}

function quarantineOption(): Option {
  return toOption('folder to move them into, also on another disk; made when it is not there', 'PHOTOS_QUARANTINE')
}

function olderOption(): Option {
  return new Option('--older <time>', 'only files last changed then or before: 2021, 2021-06, 2021-06-15 or 30d')
    .env('PHOTOS_OLDER')
    .argParser(asTypedTime)
}

interface Typed {
  readonly sources: readonly Source[]
  readonly quarantineFolder: string
  readonly selection: Selection
}

async function freeUpAsTyped(folder: string, flags: FreeUpFlags, context: Context): Promise<ExitCode> {
  const library = flags.library ?? defaultLibraryFolder(context)
  const sources = findSources([folder], library)
  if (sources.some(({ kind }) => kind === 'file')) throw notAFolder(folder)
  const quarantineFolder = requireQuarantine(
    flags.to,
    sources.map(({ path }) => path),
    library,
  )
  const { beforeMs } = parseModificationRange(flags, context.now())
  const typed = { sources, quarantineFolder, selection: { modifiedBeforeMs: beforeMs } }
  const reporter = await createRunReporter('free-up', flags, context)
  return await runReported(reporter, context.signal, () => freeUpOnce(reporter, typed, flags, context))
}

async function freeUpOnce(reporter: Reporter, typed: Typed, flags: FreeUpFlags, context: Context): Promise<void> {
  const { library, profile, dryRun = false } = flags
  const log = (line: string): void => void (flags.verbose && context.stderr.write(`${line}\n`))
  const opened = await openRemote({ library, profile, whenMissing: 'require', log }, context)
  try {
    if (!flags.json) for (const message of opened.notes) reporter.on({ kind: 'note', message })
    await using quarantine = dryRun ? undefined : await quarantineOf(typed, opened, context)
    const { remote, transport } = opened
    const { sources, selection } = typed
    const options = { remote, clock: transport.clock, quarantine, selection, signal: context.signal }
    for await (const event of freeUp(sources, options)) reporter.on(event)
  } finally {
    await opened.close()
  }
}

async function quarantineOf(typed: Typed, { remote }: OpenedRemote, { now, signal }: Context): Promise<Quarantine> {
  return await openQuarantine(typed.quarantineFolder, { remoteId: remote.configuration.remoteId, now, signal })
}

function notAFolder(path: string): UserError {
  return new UserError(`${path} is not a folder`, { exitCode: exitCodes.usage, hint: 'name the folder that it lies in' })
}
