import { type Command, Option } from 'commander'
import { parseSize } from '../size.ts'
import { parsePingUrl } from '../unattended/ping.ts'
import type { Listeners } from '../unattended/run-unattended.ts'
import { asTypedLimit, asTypedText } from './as-typed.ts'

/** Where a run keeps what it says, as typed. */
export interface LogFileFlags {
  readonly logFile?: string
  readonly logMaxSize?: number
}

/** Whom a run tells how it went when nobody looks, as typed. */
export interface UnattendedFlags extends LogFileFlags {
  readonly pingUrl?: string
  readonly onSuccess?: string
  readonly onFailure?: string
}

/** The flags for runs that nobody looks at. */
export function addUnattendedOptions(command: Command): Command {
  return addLogFileOptions(command)
    .addOption(
      // Without a parser: commander would show a value that is wrong, and this one is a secret.
      new Option('--ping-url <url>', 'tell a monitor such as healthchecks.io of the start, and of how it ended').env(
        'PHOTOS_PING_URL',
      ),
    )
    .addOption(commandOption('--on-success <command>', 'run this in the shell after a run that went well', 'PHOTOS_ON_SUCCESS'))
    .addOption(commandOption('--on-failure <command>', 'run this in the shell after any other run', 'PHOTOS_ON_FAILURE'))
}

function commandOption(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(variable).argParser(asTypedText('a command'))
}

/** The flags that keep what a run says. */
export function addLogFileOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-file <file>', 'add what the run says to this file, with the time')
        .env('PHOTOS_LOG_FILE')
        .argParser(asTypedText('a file')),
    )
    .addOption(
      new Option('--log-max-size <size>', 'put the log file aside when it is larger, and keep 5 of these; off for never')
        .env('PHOTOS_LOG_MAX_SIZE')
        .argParser(asTypedLimit(parseSize))
        .default(10 * 1024 * 1024, '10M'),
    )
}

/** Whom to tell. A dry run backs nothing up, so that nobody is to think it did. Throws a `UserError` for an address that is none. */
export function listenersOf(flags: UnattendedFlags & { readonly dryRun?: boolean }): Listeners {
  const { pingUrl, onSuccess, onFailure, dryRun } = flags
  const parsed = pingUrl === undefined ? undefined : parsePingUrl(pingUrl)
  return dryRun ? {} : { pingUrl: parsed, onSuccess, onFailure }
}
