import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { type Context, defaultLibraryFolder } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Secret, Secrets } from '../schedule/job-secrets.ts'
import type { Job } from '../schedule/scheduler.ts'
import { findSources } from '../sync/sources.ts'
import { listenerVariables } from '../unattended/listener-variables.ts'
import { parsePingUrl } from '../unattended/ping.ts'
import { settleFlags } from './options.ts'
import { helpFor } from './point-at-help.ts'
import { refuseSwallowedFlags } from './refuse-swallowed-flags.ts'
import { refuseLogInSource } from './run-log.ts'
import { carriedVariables, isPath, wholePath } from './scheduled-environment.ts'
import { findScheduledRemote } from './scheduled-remote.ts'
import { selectionOf } from './selection-options.ts'
import { describeSync } from './sync.ts'

export interface ScheduledSync extends Pick<Job, 'options' | 'folders' | 'environment'> {
  readonly secrets: Secrets
  /** What a person should know before it is installed, in lower case. */
  readonly warning: string | undefined
}

/**
 * What a scheduler is to run for `photos sync WORDS…`, so that it does the same whoever runs it, wherever: with whole paths,
 * the remote that is meant now, and the variables that are set now and would change what it does. Throws a `UserError`, or
 * commander's own error, for what `photos sync` would refuse as well, and for what makes no sense when nobody is there.
 *
 * @param words as typed
 */
export async function scheduledSync(words: readonly string[], parent: Command, context: Context): Promise<ScheduledSync> {
  const sync = describeSync(new Command('photos sync').copyInheritedSettings(parent)).action(() => {})
  sync.showHelpAfterError(helpFor('photos schedule install'))
  const typed = recordOptions(sync)
  await sync.parseAsync(words, { from: 'user' })
  refuseSwallowedFlags(sync, words)
  settleFlags(sync, context.environment)
  refuseUnattendable(typed)
  const { variables, secrets } = carriedVariables(sync, context)
  const typedSecrets = typed.flatMap(({ flag, variable = '', value }): [string, Secret][] =>
    value !== undefined && listenerVariables.includes(variable) ? [[variable, { value, saidBy: flag }]] : [],
  )
  const allSecrets = { ...secrets, ...Object.fromEntries(typedSecrets) }
  const { PHOTOS_PING_URL: pingUrl } = allSecrets
  if (pingUrl !== undefined) parsePingUrl(pingUrl.value)
  const folders = sync.args.map((folder) => resolve(folder))
  const remote = await findScheduledRemote(sync.opts(), context)
  findSources(folders, remote.library ?? defaultLibraryFolder(context))
  selectionOf(sync.opts(), folders, context)
  checkLogFile(sync.opts()['logFile'] ?? variables['PHOTOS_LOG_FILE'], folders)
  const options = typed.filter(({ flag, variable = '' }) => !listenerVariables.includes(variable) && !remoteFlags.includes(flag))
  return {
    options: [...remote.options, ...options.flatMap(wordsOf)],
    folders,
    environment: variables,
    secrets: allSecrets,
    warning: remote.warning,
  }
}

/** A value that looks like a flag is not taken for one only behind a `=`. */
function wordsOf({ flag, value }: TypedOption): readonly string[] {
  if (value === undefined) return [flag]
  return value.startsWith('-') ? [`${flag}=${value}`] : [flag, value]
}

const remoteFlags = ['--library', '--profile']

interface TypedOption {
  readonly flag: string
  readonly value: string | undefined
  readonly variable: string | undefined
}

/** Keeps each option of a command as it is typed; commander itself keeps what became of it. */
function recordOptions(command: Command): readonly TypedOption[] {
  const typed: TypedOption[] = []
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (value: string | null) => {
      const text = value === null ? undefined : isPath(option.flags) ? wholePath(value) : value
      typed.push({ flag: option.long ?? option.flags, value: text, variable: option.envVar })
    })
  }
  return typed
}

function refuseUnattendable(options: readonly TypedOption[]): void {
  const refused = options.find(({ flag, value }) => flag === '--dry-run' || value === '-')
  if (refused === undefined) return
  const isDryRun = refused.flag === '--dry-run'
  throw new UserError(isDryRun ? 'a scheduled dry run would back up nothing' : `${refused.flag} - needs somebody who types`, {
    exitCode: exitCodes.usage,
    hint: isDryRun ? 'leave --dry-run out: nothing is changed without --yes' : `give ${refused.flag} a file`,
  })
}

/** A run would go on without its log, for years; here somebody is there to mend it. */
function checkLogFile(logFile: string | undefined, folders: readonly string[]): void {
  if (logFile === undefined) return
  refuseLogInSource(logFile, folders)
  const folder = dirname(resolve(logFile))
  if (existsSync(folder)) return
  throw new UserError(`the folder of the log file is not there: ${folder}`, {
    exitCode: exitCodes.usage,
    hint: 'make it, or name a file in another one with --log-file',
  })
}
