import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { ExitCode } from './exit-codes.ts'
import type { Clock } from './remote/retry.ts'

/** The world around a command, so that tests can be one. */
export interface Context {
  /** What a person types, or a script gives; read by commands that ask for something. */
  readonly stdin: Input
  /** Results. */
  readonly stdout: Output
  /** Progress and messages. */
  readonly stderr: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  /** Aborted when the user or the system asks to stop. */
  readonly signal: AbortSignal
  /** What waiting depends on; the machine's own unless a test gives another. */
  readonly clock?: Partial<Clock>
  /** A connection over which nothing moves for so long is broken; a minute unless a test gives another. */
  readonly inactivityMs?: number
  /** Shows an address in the browser of this machine; by the system's own means unless a test gives others. */
  readonly openBrowser?: (url: string) => Promise<void>
}

export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown }

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** Where the embedded library lies unless `--library` says otherwise. Source: XDG Base Directory Specification. */
export function defaultLibraryFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_DATA_HOME', '.local', 'share'), 'photos', 'library')
}

/** Where what is known of a remote is kept on this machine. Losing it costs time, never data. */
export function stateFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_STATE_HOME', '.local', 'state'), 'photos')
}

/** Where the profiles lie: which remotes there are, and who is signed in to them. */
export function profilesFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_CONFIG_HOME', '.config'), 'photos', 'profiles')
}

/** Where what scheduled jobs are not to show lies: a file a job. */
export function jobsFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_CONFIG_HOME', '.config'), 'photos', 'jobs')
}

/** Where systemd looks for the user's own units. Source: systemd.unit(5). */
export function unitsFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_CONFIG_HOME', '.config'), 'systemd', 'user')
}

function baseFolder(environment: Context['environment'], variable: string, ...fallback: readonly string[]): string {
  // The specification: a relative path is to be ignored.
  const folder = environment[variable]
  return folder !== undefined && isAbsolute(folder) ? folder : join(environment['HOME'] || homedir(), ...fallback)
}

/** How a command tells its exit code; not called, it is 0. */
export type Finish = (exitCode: ExitCode) => void
