import type { Command } from 'commander'

/** Whom a run tells how it went when nobody looks, as typed. */
export type UnattendedFlags = Readonly<Record<never, never>>

/** The flags for runs that nobody looks at. */
export function addUnattendedOptions(command: Command): Command {
  return command
}
