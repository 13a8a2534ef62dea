import type { Command } from 'commander'

/** How a run treats what this machine remembers, as typed. */
export type StateFlags = Readonly<Record<never, never>>

/** The flags about what this machine remembers, and who is at work with it. */
export function addStateOptions(command: Command): Command {
  return command
}
