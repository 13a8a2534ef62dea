import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { ExitCode } from './exit-codes.ts'

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
}

export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown }

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Where the embedded library lies unless `--library` says otherwise. Source: XDG Base Directory Specification. */
export function defaultLibraryFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_DATA_HOME', '.local', 'share'), 'photos', 'library')
}

/** Where what is known of a remote is kept on this machine. Losing it costs time, never data. */
export function stateFolder({ environment }: Context): string {
  return join(baseFolder(environment, 'XDG_STATE_HOME', '.local', 'state'), 'photos')
}

function baseFolder(environment: Context['environment'], variable: string, ...fallback: readonly string[]): string {
  // The specification: a relative path is to be ignored.
  const folder = environment[variable]
  return folder?.startsWith('/') ? folder : join(environment['HOME'] || homedir(), ...fallback)
}

/** How a command tells its exit code; not called, it is 0. */
export type Finish = (exitCode: ExitCode) => void
