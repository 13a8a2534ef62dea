import type { Command } from 'commander'
import { transfersOption } from './options.ts'

/** How, how fast and how long bytes are moved, as typed. */
export interface TransferFlags {
  readonly transfers: number
}

/** The flags that say how bytes are moved. */
export function addTransferOptions(command: Command): Command {
  return command.addOption(transfersOption())
}
