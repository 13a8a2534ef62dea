import type { Command } from 'commander'

/** Which of a folder's files a run takes, as typed. */
export type SelectionFlags = Readonly<Record<never, never>>

/** The flags that say which files are taken. */
export function addSelectionOptions(command: Command): Command {
  return command
}
