import { exitCodes } from './exit-codes.ts'
import type { Clock } from './remote/retry.ts'
import type { RunEvent } from './run-event.ts'

export interface RunLimitOptions {
  /** From the moment at which the limits are made. */
  readonly longestMs?: number | undefined
  /** Of originals, over the network, including what went in vain. */
  readonly mostBytes?: number | undefined
}

/** How long a run may go on, and how much it may move. What has begun is finished; nothing new is begun. */
export interface RunLimits {
  isReached(): boolean
  /** Not below 0. */
  timeLeftMs(): number
  /** Bytes of originals went over the network; what is negative says that they went in vain, and they did go. */
  moved(bytes: number): void
  /** Files that were found, and are not moved. */
  leave(files: number): void
  /** Nobody has counted what is not moved. */
  leaveRest(): void
  /** What to tell in the end: nothing, unless files were left. */
  events(): readonly RunEvent[]
}

export function createRunLimits({ longestMs, mostBytes }: RunLimitOptions, { elapsed }: Pick<Clock, 'elapsed'>): RunLimits {
  const startedMs = elapsed()
  let movedBytes = 0
  let filesLeft = 0
  const isTooLong = (): boolean => longestMs !== undefined && elapsed() - startedMs >= longestMs
  const isTooMuch = (): boolean => mostBytes !== undefined && movedBytes >= mostBytes
  return {
    timeLeftMs: () => (longestMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, longestMs - (elapsed() - startedMs))),
    isReached: () => isTooLong() || isTooMuch(),
    moved(bytes) {
      movedBytes += Math.max(0, bytes)
    },
    leave(files) {
      filesLeft += files
    },
    leaveRest() {
      filesLeft = Number.POSITIVE_INFINITY
    },
    events() {
      if (filesLeft === 0) return []
      const reason = isTooMuch()
        ? 'as much has been moved as --max-transfer allows'
        : 'the time that --max-duration gives is over'
      const message = `${reason}: ${inWords(filesLeft)} left for the next run`
      return [{ kind: 'incomplete', exitCode: exitCodes.limitReached, message }]
    },
  }
}

function inWords(files: number): string {
  if (files === 1) return '1 file is'
  return Number.isFinite(files) ? `${files} files are` : 'the rest is'
}
