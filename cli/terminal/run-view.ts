import type { Writable } from 'node:stream'
import type { ExitCode } from '../exit-codes.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
import type { Progress, RunKind, Summary } from './tally.ts'
import type { Breadth } from './wrap.ts'

/** What ends a run before its time; with a hint where the user can mend it. */
export interface StoppedBy extends Error {
  readonly exitCode: ExitCode
  readonly hint?: string
}

export type NoteEvent = Extract<RunEvent, { kind: 'note' }>
export type LeftOutEvent = Extract<RunEvent, { kind: 'left_out' }>

/** What one mode does with what a run tells. */
export interface RunView {
  file(outcome: FileOutcome): void
  leftOut(leftOut: LeftOutEvent): void
  note(message: string): void
  /** As a note, but also shown with `--quiet`. */
  urgentNote(message: string): void
  /** Why not all was done; shown with `--quiet`, too. */
  problem(message: string): void
  progress(progress: Progress): void
  finish(summary: Summary): void
  stop(summary: Summary, cause: StoppedBy): void
  close(): void
}

export interface RunViewOptions {
  readonly kind: RunKind
  readonly stdout: Writable
  readonly stderr: Pick<Writable, 'write'> & Breadth
  /** Milliseconds. */
  readonly now: () => number
  readonly verbose?: boolean
  /** Nothing is done, and the summary says so. */
  readonly dryRun?: boolean
  /** The command as it was typed, for a run that has to be repeated. */
  readonly typed?: string
}
