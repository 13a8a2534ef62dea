import { resolve } from 'node:path'
import { Command } from 'commander'
import { type Context, defaultLibraryFolder } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Job } from '../schedule/scheduler.ts'
import { findSources } from '../sync/sources.ts'
import { refuseSwallowedFlags } from './refuse-swallowed-flags.ts'
import { describeSync } from './sync.ts'
import { listenersOf } from './unattended-options.ts'

/**
 * The command that a scheduler is to run for `photos sync WORDS…`, and the variables that are set now and would change what it
 * does. No path in it depends on the folder that it is typed in. Throws a `UserError`, or commander's own error, for what
 * `photos sync` would refuse as well, and for what makes no sense when nobody is there.
 *
 * @param words as typed; @param program Node and the program that it is to start
 */
export async function scheduledSync(
  words: readonly string[],
  program: readonly string[],
  parent: Command,
  context: Context,
): Promise<Pick<Job, 'command' | 'environment'>> {
  const sync = describeSync(new Command('photos sync').copyInheritedSettings(parent)).action(() => {})
  const options = recordOptions(sync)
  await sync.parseAsync(words, { from: 'user' })
  refuseSwallowedFlags(sync, words)
  refuseUnattendable(options)
  listenersOf(sync.opts())
  const { library = defaultLibraryFolder(context) } = sync.opts()
  const folders = sync.args.map((folder) => resolve(folder))
  findSources(folders, library)
  const typed = options.flatMap(({ flag, value }) => (value === undefined ? [flag] : [flag, value]))
  return { command: [...program, 'sync', ...typed, '--', ...folders], environment: carriedVariables(sync, context) }
}

interface TypedOption {
  readonly flag: string
  readonly value: string | undefined
}

/** Keeps each option of a command as it is typed; commander itself keeps what became of it. */
function recordOptions(command: Command): readonly TypedOption[] {
  const typed: TypedOption[] = []
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (value: string | null) => {
      const text = value === null ? undefined : isPath(option.flags) ? wholePath(value) : value
      typed.push({ flag: option.long ?? option.flags, value: text })
    })
  }
  return typed
}

function isPath(flags: string): boolean {
  return /<(dir|file)/.test(flags)
}

/** `-` is standard input. */
function wholePath(path: string): string {
  return path === '-' ? path : resolve(path)
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

/** Where things are, beside the variables of the flags. None of these is a secret of a session. */
const placeVariables = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'NODE_EXTRA_CA_CERTS']

function carriedVariables(sync: Command, { environment }: Context): Readonly<Record<string, string>> {
  const ofFlags = sync.options.flatMap(({ envVar, flags }) =>
    envVar === undefined || envVar === 'PHOTOS_DRY_RUN' ? [] : [{ name: envVar, isPath: isPath(flags) }],
  )
  const all = [...ofFlags, ...placeVariables.map((name) => ({ name, isPath: true }))]
  const pairs = all.flatMap(({ name, isPath }): [string, string][] => {
    const value = environment[name]
    return value === undefined || value === '' ? [] : [[name, isPath ? wholePath(value) : value]]
  })
  return Object.fromEntries(pairs)
}
