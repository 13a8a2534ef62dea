import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { FileAction, FileOutcome, IncompleteCode, RunEvent } from '../run-event.ts'
import { createKeptParts, type KeptSummary } from './kept-parts.ts'
import { addThaw, type Thaws } from './thaws.ts'
import { findSecondsLeft } from './time-left.ts'

/** Which command ran: `sync` uploads, `pull` downloads, `verify` has originals read again, `free-up` moves files aside. */
export type RunKind = 'sync' | 'pull' | 'verify' | 'free-up'

/** How far a run is. `bytesDone` counts what moved and what did not have to. */
export interface Progress {
  readonly filesDone: number
  readonly filesFound: number
  readonly bytesDone: number
  readonly bytesFound: number
  readonly seconds: number
  /** Over the whole run, on the network. */
  readonly bytesPerSecond: number
  /** At the pace of what took work; undefined while nothing did. */
  readonly secondsLeft: number | undefined
  /** 0 to 1, of the bytes, or of the files where these have none; less than 1 until the last file is done. */
  readonly share: number
  /** All bytes are sent; the backend has yet to confirm some. */
  readonly isWaiting: boolean
}

/** What a run came to. */
export interface Summary {
  readonly kind: RunKind
  readonly counts: Readonly<Record<FileAction, number>>
  /** Bytes of originals that went over the network and were not in vain; or that were verified, or moved aside. */
  readonly movedBytes: number
  /** Bytes that a dry run would move. */
  readonly wouldMoveBytes: number
  readonly thaws: Thaws
  readonly kept: KeptSummary
  readonly seconds: number
  readonly exitCode: ExitCode
}

export interface Tally {
  count(event: RunEvent): void
  progress(): Progress
  summarize(): Summary
}

/** Adds up the events of a run. `now` is in milliseconds. @param dryRun nothing is done, so that nothing is left to come back for */
export function createTally(kind: RunKind, now: () => number, dryRun = false): Tally {
  const startedMs = now()
  const counts = noCounts()
  const found = { files: 0, bytes: 0 }
  let movedBytes = 0
  let wouldMoveBytes = 0
  let storedBytesDiffer = false
  const kept = createKeptParts()
  const incomplete = new Set<IncompleteCode>()
  let thaws: Thaws = { requested: 0, bytes: 0, readyBy: undefined, wouldThawBytes: 0 }
  /** Sizes of the files that are done, and of those among them whose bytes are in `movedBytes`. */
  let settledBytes = 0
  let transferredBytes = 0
  /** Those among them that were done without a look into them: they say nothing about how long the others take. */
  const effortless = { files: 0, bytes: 0 }
  let lastWorkedSeconds = 0
  const wanted = { bytes: 0, sinceSeconds: 0 }
  const seconds = (): number => Math.max(0, now() - startedMs) / 1000

  function countFile(outcome: FileOutcome): void {
    const { action, sizeBytes } = outcome
    counts[action] += 1
    kept.end(outcome)
    settledBytes += sizeBytes
    if (movesAtOnce.has(action)) movedBytes += sizeBytes
    if (endsTransfer.has(action)) transferredBytes += sizeBytes
    if (outcome.isRemembered || costsNothing.has(action)) countEffortless(1, sizeBytes)
    else lastWorkedSeconds = seconds()
    if (wouldMove.has(action) && !outcome.movesNoBytes) wouldMoveBytes += sizeBytes
    thaws = addThaw(thaws, outcome)
    storedBytesDiffer ||= outcome.storedBytesDiffer === true
  }

  function countEffortless(files: number, sizeBytes: number): void {
    effortless.files += files
    effortless.bytes += sizeBytes
  }

  return {
    count(event) {
      switch (event.kind) {
        case 'file':
          return countFile(event.outcome)
        case 'moved':
          movedBytes += event.sizeBytes
          break
        case 'wanted':
          if (wanted.bytes === 0) wanted.sinceSeconds = seconds()
          wanted.bytes += event.sizeBytes
          break
        case 'kept':
          kept.keep(event.contentHash, event.sizeBytes)
          break
        case 'found':
          found.files += event.files
          found.bytes += event.sizeBytes
          break
        case 'unchanged':
          counts.already_stored += event.files
          settledBytes += event.sizeBytes
          countEffortless(event.files, event.sizeBytes)
          break
        case 'incomplete':
          incomplete.add(event.exitCode)
      }
    },
    progress() {
      const filesDone = Object.values(counts).reduce((sum, count) => sum + count, 0)
      const inFlightBytes = Math.max(0, movedBytes - transferredBytes)
      const bytesDone = Math.min(found.bytes, settledBytes + inFlightBytes)
      const filesFound = Math.max(found.files, filesDone)
      return {
        filesDone,
        filesFound,
        bytesDone,
        bytesFound: found.bytes,
        seconds: seconds(),
        bytesPerSecond: movedBytes / Math.max(seconds(), 0.001),
        secondsLeft: findSecondsLeft({
          bytesLeft: found.bytes - bytesDone,
          filesLeft: filesFound - filesDone,
          bytesWorked: bytesDone - effortless.bytes,
          filesWorked: filesDone - effortless.files,
          seconds: seconds(),
          secondsToLastFile: lastWorkedSeconds,
          // What was to be sent and has failed is not.
          bytesToSend: Math.min(found.bytes - bytesDone, Math.max(0, wanted.bytes - movedBytes)),
          bytesSent: movedBytes,
          secondsSending: seconds() - wanted.sinceSeconds,
        }),
        share: shareOf(bytesDone, found.bytes, filesDone, filesFound),
        isWaiting: kind === 'sync' && movedBytes > 0 && bytesDone === found.bytes && filesDone < filesFound,
      }
    },
    summarize: () => ({
      kind,
      counts: { ...counts },
      movedBytes,
      wouldMoveBytes,
      thaws,
      kept: kept.summarize(),
      seconds: seconds(),
      exitCode: exitCodeOf(dryRun ? { ...counts, thawing: 0 } : counts, storedBytesDiffer, incomplete),
    }),
  }
}

/** Of these nothing is told before they are done. */
const movesAtOnce: ReadonlySet<FileAction> = new Set(['verified', 'moved'])
/** What the bytes in `movedBytes` end as. */
const endsTransfer: ReadonlySet<FileAction> = new Set(['uploaded', 'pulled', ...movesAtOnce])
/** What is told of a file without its bytes being read or moved. */
const costsNothing: ReadonlySet<FileAction> = new Set(['skipped', 'failed', 'thawing', 'would_thaw'])
const wouldMove: ReadonlySet<FileAction> = new Set(['would_upload', 'would_pull', 'would_move'])

/** Bytes that are all sent are confirmed file by file yet. Nothing is found at the start. */
function shareOf(bytesDone: number, bytesFound: number, filesDone: number, filesFound: number): number {
  if (filesFound === 0) return 0
  const share = bytesFound === 0 ? filesDone / filesFound : bytesDone / bytesFound
  return filesDone < filesFound ? Math.min(mostUnfinished, share) : share
}

const mostUnfinished = 0.99

function noCounts(): Record<FileAction, number> {
  return {
    uploaded: 0,
    already_stored: 0,
    would_upload: 0,
    pulled: 0,
    unchanged: 0,
    would_pull: 0,
    thawing: 0,
    would_thaw: 0,
    verified: 0,
    moved: 0,
    would_move: 0,
    skipped: 0,
    failed: 0,
  }
}

/** The worst of what happened: what the user should hear of first. */
function exitCodeOf(
  { failed, thawing }: Summary['counts'],
  storedBytesDiffer: boolean,
  incomplete: ReadonlySet<IncompleteCode>,
): ExitCode {
  if (storedBytesDiffer) return exitCodes.storedBytesDiffer
  if (incomplete.has(exitCodes.sourceMissing)) return exitCodes.sourceMissing
  if (failed > 0) return exitCodes.someFilesFailed
  if (incomplete.has(exitCodes.limitReached)) return exitCodes.limitReached
  return thawing > 0 ? exitCodes.thawing : exitCodes.done
}
