import { type Command, Option } from 'commander'
import { parseDuration } from '../duration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { type BandwidthTimetable, parseBandwidth } from '../remote/bandwidth-timetable.ts'
import type { Transport } from '../remote/transport.ts'
import type { RunEvent } from '../run-event.ts'
import { createRunLimits, type RunLimits } from '../run-limits.ts'
import { parseSize } from '../size.ts'
import { asTyped, asTypedLimit } from './as-typed.ts'
import { transfersOption } from './options.ts'

/** How and how fast bytes are moved, as typed. */
export interface TransferFlags {
  readonly transfers: number
  readonly bwlimit?: BandwidthTimetable
}

/** How long a run goes on, as typed. */
export interface RunLimitFlags {
  /** In milliseconds; infinity for none. */
  readonly maxDuration?: number
  /** In bytes; infinity for none. */
  readonly maxTransfer?: number
}

/** The flags that say how bytes are moved. */
export function addTransferOptions(command: Command): Command {
  return command
    .addOption(transfersOption())
    .addOption(
      new Option('--bwlimit <limit>', "bytes a second: 512k, UP:DOWN as in 1M:off, or by the clock, '08:00,512k 23:00,off'")
        .env('PHOTOS_BWLIMIT')
        .argParser(asTyped(parseBandwidth)),
    )
}

/** The flags of commands that come to an end of themselves. */
export function addRunLimitOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--max-duration <duration>', 'begin nothing new after so long, and end with 16: 90m, 1h30m')
        .env('PHOTOS_MAX_DURATION')
        .argParser(asTypedLimit(parseDuration)),
    )
    .addOption(
      new Option('--max-transfer <size>', 'begin nothing new when so much was moved, and end with 16: 500M, 10G')
        .env('PHOTOS_MAX_TRANSFER')
        .argParser(asTypedLimit(parseSize)),
    )
}

/** Counts from now on. */
export function runLimitsOf({ maxDuration, maxTransfer }: RunLimitFlags, { clock }: Transport): RunLimits {
  return createRunLimits({ longestMs: maxDuration, mostBytes: maxTransfer }, clock)
}

/** Has a run move its bytes as it was typed, and tells what the connections are about. */
export function prepareTransport(
  transport: Transport,
  { transfers, bwlimit, verbose }: TransferFlags & { readonly verbose?: true },
  on: (event: RunEvent) => void,
  limits: Pick<RunLimits, 'timeLeftMs'>,
): void {
  const note = (message: string): void => on({ kind: 'note', message })
  transport.notices.listen(note)
  transport.outage.endure(limits.timeLeftMs)
  transport.bandwidth.limit(bwlimit)
  const onChange = (limit: number): void => note(`${limit} at once, as the line and the storage can take it`)
  transport.concurrency.configure({ ceiling: transfers, ...(verbose && { onChange }) })
}

/** Has a run end as at any other limit when its time is over while it waits for a remote that is gone. */
export async function untilOvertime(
  limits: RunLimits,
  { outage }: Pick<Transport, 'outage'>,
  on: (event: RunEvent) => void,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isGone = error instanceof UserError && error.exitCode === exitCodes.remoteUnreachable
    if (!(isGone && outage.isOvertime())) throw error
    limits.leaveRest()
    for (const event of limits.events()) on(event)
  }
}
