import { hostname } from 'node:os'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { locationSchema } from '../../contract/photos.ts'
import { profileNameSchema } from '../session/profile-name.ts'
import { asTypedText, asTypedTime } from './as-typed.ts'

const parseFolder = asTypedText('a folder')

/** Flags that several commands share. Each has a variable; a flag wins over its variable. */
export function libraryOption(): Option {
  return new Option('--library <dir>', 'folder of the library to use').env('PHOTOS_LIBRARY').argParser(parseFolder)
}

export function profileOption(): Option {
  return new Option('--profile <name>', 'profile to use: a remote, and who is signed in to it')
    .env('PHOTOS_PROFILE')
    .argParser(parseProfileName)
}

export function insecureHttpOption(): Option {
  return new Option('--insecure-http', 'allow http, where anyone on the network can read along').env('PHOTOS_INSECURE_HTTP')
}

export function toOption(description = 'folder to pull into; made when it is not there', variable = 'PHOTOS_TO'): Option {
  return new Option('--to <dir>', description).env(variable).argParser(parseFolder).makeOptionMandatory()
}

/** At sign-in. */
export function deviceOption(): Option {
  return namedDevice('name of this machine, as `photos devices` shall call it').default(hostname())
}

/** In a session the machine has a name already. */
export function knownDeviceOption(): Option {
  return namedDevice('name of this machine, kept with every path (default: as at login, else as the system calls it)')
}

function namedDevice(description: string): Option {
  return new Option('--device <name>', description).env('PHOTOS_DEVICE').argParser(parseDevice)
}

export function sourcesArgument(): Argument {
  return new Argument('<dir...>', 'folders (or single files) to back up; they are only read').argParser<readonly string[]>(
    (text, before = []) => [...before, parseFolder(text)],
  )
}

export function transfersOption(): Option {
  return new Option('--transfers <n>', 'files moved at once').env('PHOTOS_TRANSFERS').argParser(parsePositive).default(4)
}

export function dryRunOption(): Option {
  return new Option('-n, --dry-run', 'say what would be done, and do nothing').env('PHOTOS_DRY_RUN')
}

export function jsonOption(): Option {
  return new Option('--json', 'write JSON lines to standard output, and nothing else').env('PHOTOS_JSON')
}

export function quietOption(): Option {
  return new Option('-q, --quiet', 'say nothing but what failed').env('PHOTOS_QUIET')
}

export function verboseOption(): Option {
  return new Option('-v, --verbose', 'name every file, and say more').env('PHOTOS_VERBOSE')
}

export function sinceOption(): Option {
  return new Option('--since <time>', 'taken at or after: 2021, 2021-06, 2021-06-15 or 30d')
    .env('PHOTOS_SINCE')
    .argParser(asTypedTime)
}

export function untilOption(): Option {
  return new Option('--until <time>', 'taken at or before, all of that day, month or year')
    .env('PHOTOS_UNTIL')
    .argParser(asTypedTime)
}

const meanings: Readonly<Record<string, boolean>> = {
  '1': true,
  true: true,
  yes: true,
  '0': false,
  false: false,
  no: false,
  '': false,
}

/**
 * Gives the flags that take no value what was typed or what their variables say; commander would take `PHOTOS_DRY_RUN=false`
 * for true. Of two flags that contradict each other the typed one wins over a variable. Ends with a usage error for a
 * variable that says neither yes nor no, and for `-q -v`.
 */
export function settleFlags(command: Command, environment: Readonly<Record<string, string | undefined>>): void {
  for (const option of command.options) {
    const { envVar: variable } = option
    if (variable === undefined || !option.isBoolean() || isTyped(command, option.attributeName())) continue
    const text = environment[variable] ?? ''
    const meaning = meanings[text.toLowerCase()]
    if (meaning === undefined) command.error(`error: ${variable} is '${text}'; give 1, true or yes, or 0, false or no`)
    command.setOptionValueWithSource(option.attributeName(), meaning || undefined, 'env')
  }
  settleQuietAndVerbose(command)
  settleLibraryAndProfile(command)
}

function settleQuietAndVerbose(command: Command): void {
  const { quiet, verbose } = command.opts()
  if (!(quiet && verbose)) return
  const isQuietTyped = isTyped(command, 'quiet')
  if (isQuietTyped === isTyped(command, 'verbose')) {
    command.error("error: '-q, --quiet' and '-v, --verbose' contradict each other; give one of them")
  }
  command.setOptionValueWithSource(isQuietTyped ? 'verbose' : 'quiet', undefined, 'default')
}

/** A library and a profile are two remotes. The typed one wins over a variable, and of two variables the library's. */
function settleLibraryAndProfile(command: Command): void {
  const { library, profile } = command.opts()
  if (library === undefined || profile === undefined) return
  const isProfileTyped = isTyped(command, 'profile')
  if (isProfileTyped && isTyped(command, 'library')) {
    command.error("error: '--library <dir>' and '--profile <name>' are two remotes; give one of them")
  }
  command.setOptionValueWithSource(isProfileTyped ? 'library' : 'profile', undefined, 'default')
}

function isTyped(command: Command, attributeName: string): boolean {
  return command.getOptionValueSource(attributeName) === 'cli'
}

function parseProfileName(text: string): string {
  if (!profileNameSchema.safeParse(text).success) {
    throw new InvalidArgumentError('give a name of 1 to 64 small letters, digits, hyphens and underscores.')
  }
  return text
}

function parseDevice(text: string): string {
  if (!locationSchema.shape.device.safeParse(text).success) throw new InvalidArgumentError('give a name of 1 to 255 characters.')
  return text
}

function parsePositive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 64) throw new InvalidArgumentError('give a whole number from 1 to 64.')
  return number
}
