import type { Writable } from 'node:stream'
import type { UserError } from '../errors.ts'
import type { FileOutcome } from '../run-event.ts'
import { createLinePrinter } from './line-printer.ts'
import { leftOutReasons } from './outcome-lines.ts'
import type { LeftOutEvent } from './run-view.ts'
import type { Progress } from './tally.ts'

/** What `--json` prints, a message a line. Names and values are a stable interface; that of a summary is `summaryMessage`. */
export type JsonMessage = Readonly<Record<string, unknown>>

export function createJsonPrinter(stdout: Writable): (message: JsonMessage) => void {
  const print = createLinePrinter(stdout)
  return (message) => print(JSON.stringify(message))
}

export function noteMessage(message: string): JsonMessage {
  return { message_type: 'status', message }
}

/** Why not all was done. @param error with what ends a run, or keeps it from beginning */
export function problemMessage(message: string, error?: Pick<UserError, 'hint' | 'exitCode'>): JsonMessage {
  return { message_type: 'error', message, ...(error && { hint: error.hint, exit_code: error.exitCode }) }
}

export function fileMessage({ action, path, sizeBytes, contentHash, reason }: FileOutcome): JsonMessage {
  return {
    message_type: action === 'failed' ? 'error' : 'file',
    action,
    path,
    size_bytes: sizeBytes,
    content_hash: contentHash ?? null,
    reason: reason ?? null,
  }
}

/** Of no file's size or content, as nobody has looked; the summary does not count it. */
export function leftOutMessage({ path, cause }: LeftOutEvent): JsonMessage {
  const nothing = { size_bytes: null, content_hash: null }
  return { message_type: 'file', action: 'left_out', path, ...nothing, reason: leftOutReasons[cause] }
}

export function statusMessage(progress: Progress): JsonMessage {
  return {
    message_type: 'status',
    files_done: progress.filesDone,
    total_files: progress.filesFound,
    bytes_done: progress.bytesDone,
    total_bytes: progress.bytesFound,
    bytes_per_second: Math.round(progress.bytesPerSecond),
    seconds_elapsed: Math.round(progress.seconds),
    seconds_remaining: progress.secondsLeft === undefined ? null : Math.round(progress.secondsLeft),
  }
}
