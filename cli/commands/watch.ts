import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { bytePathOf } from '../byte-path.ts'
import { type Context, defaultLibraryFolder, type Finish, stateFolder } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { findSources } from '../sync/sources.ts'
import { completeClock } from '../system-clock.ts'
import { watch } from '../watch/watch.ts'
import { asTyped } from './as-typed.ts'
import { type BackUpFlags, backUp } from './back-up.ts'
import {
  jsonOption,
  knownDeviceOption,
  libraryOption,
  profileOption,
  quietOption,
  sourcesArgument,
  verboseOption,
} from './options.ts'
import { addSelectionOptions, selectionOf } from './selection-options.ts'
import { addStateOptions } from './state-options.ts'
import { addTransferOptions } from './transfer-options.ts'
import { addLogFileOptions } from './unattended-options.ts'
import { openWatchReport, type WatchReportFlags } from './watch-report.ts'

interface WatchFlags extends BackUpFlags, WatchReportFlags {
  /** In milliseconds. */
  readonly rescan: number
  /** In milliseconds. */
  readonly settle: number
}

/** `photos watch`: backs up folders, and then what changes in them, until it is stopped. */
export function addWatchCommand(program: Command, context: Context, finish: Finish): void {
  const command = program
    .command('watch')
    .description('back up folders, and from then on what is put into them, until it is stopped')
    .addArgument(sourcesArgument())
    .addOption(rescanOption())
    .addOption(settleOption())
  addSelectionOptions(command)
  addTransferOptions(command)
  addStateOptions(command)
  command
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(knownDeviceOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(verboseOption())
  addLogFileOptions(command).action(async (folders: string[], flags: WatchFlags) => {
    finish(await watchAsTyped(folders, flags, context))
  })
}

async function watchAsTyped(folders: readonly string[], flags: WatchFlags, context: Context): Promise<never> {
  const { rescan: rescanMs, settle: settleMs } = flags
  // What is mistyped is told at once, and not when the first batch begins.
  const library = flags.library ?? defaultLibraryFolder(context)
  const sources = findSources(folders, library)
  const { takesHidden = false } = selectionOf(flags, folders, context)
  const { reporter, end } = await openWatchReport(folders, flags, context)
  try {
    return await watch(sources, {
      settleMs,
      rescanMs,
      takesHidden,
      except: [library, stateFolder(context)].map((folder) => bytePathOf(resolve(folder))),
      clock: completeClock(context.clock),
      signal: context.signal,
      note: reporter.note,
      report: reporter.begin,
      backUp: async ({ folders: present, signal, ...batch }) =>
        await backUp(present, flags, { ...context, signal }, { ...batch, command: 'watch' }),
    })
  } catch (error) {
    end(error)
    throw error
  }
}

function rescanOption(): Option {
  return new Option('--rescan <duration>', 'look through everything so often; network shares do not tell what others change')
    .env('PHOTOS_RESCAN')
    .argParser((text) => parseAtLeast(1000, text))
    .default(60 * 60 * 1000, '1h')
}

function settleOption(): Option {
  return new Option('--settle <duration>', 'take a file when it has not changed for so long')
    .env('PHOTOS_SETTLE')
    .argParser((text) => parseAtLeast(0, text))
    .default(5000, '5s')
}

function parseAtLeast(leastMs: number, text: string): number {
  const milliseconds = asTyped(parseDuration)(text)
  if (milliseconds < leastMs) throw new InvalidArgumentError('give a second or more.')
  return milliseconds
}
