import type { Writable } from 'node:stream'
import type { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { RunEvent } from '../run-event.ts'
import { createJsonPrinter, fileMessage, leftOutMessage, noteMessage, problemMessage } from './json-messages.ts'
import { createLinePrinter } from './line-printer.ts'
import { formatNote, formatOutcome } from './outcome-lines.ts'
import type { NoteEvent } from './run-view.ts'
import { formatDone, formatSummary, summaryMessage } from './summary.ts'
import { createTally, type Summary } from './tally.ts'
import { visible } from './visible.ts'

/*
 * The rules of what a watch shows, which nobody may look at for years:
 * - A batch is one line on stdout, with the time by this machine's clock; a batch in which nothing happened is none.
 * - What failed is named, each time it is tried. With `verbose` every file is, of a look through everything the new ones.
 * - A note is not shown again for as long as every batch has it to say, whatever the numbers in it.
 * - What keeps a batch from being carried out is said once, until one is carried out, or a file uploaded; then that it works again.
 * - `quiet` shows failures and nothing else; JSON has a summary for every batch, since a script may wait for it.
 */

export interface BatchReporterOptions {
  readonly mode: 'lines' | 'quiet' | 'json'
  readonly stdout: Writable
  readonly stderr: Pick<Writable, 'write'>
  readonly now: () => Date
  readonly verbose: boolean
  /** Who keeps the lines adds the time. */
  readonly isTimed?: boolean
}

/** One batch. Its methods are called in the order in which it happens. */
export interface BatchLine {
  on(event: RunEvent): void
  /** Shows how it went. */
  finish(): void
  /** It did not come to its end, and is tried again. */
  putOff(error: UserError): void
  /** The user or the system ends the watch in the middle of it. */
  interrupt(): void
}

export interface BatchReporter {
  /** Of the watch itself, each time that it is said. */
  note(message: string): void
  /** @param isFull everything is looked through, and not only what has changed */
  begin(isFull: boolean): BatchLine
}

/** What a batch's line is made of, in one of the modes. */
interface Sink {
  note(message: string): void
  /** As a note, but also shown with `--quiet`. */
  urgentNote(message: string): void
  problem(message: string, error?: UserError): void
  file(event: Extract<RunEvent, { kind: 'file' | 'left_out' }>): void
  summary(summary: Summary, hasNews: boolean): void
}

export function createBatchReporter(options: BatchReporterOptions): BatchReporter {
  const sink = options.mode === 'json' ? createJsonSink(options) : createLineSink(options)
  const noteMemory = createNoteMemory()
  let isFirst = true
  let putOffBy: string | undefined

  function worksAgain(): void {
    if (putOffBy !== undefined) sink.note('it works again')
    putOffBy = undefined
  }

  function begin(isFull: boolean): BatchLine {
    const tally = createTally('sync', () => options.now().getTime())
    const notes = noteMemory.begin(isFull)
    return {
      on(event) {
        tally.count(event)
        if (isSent(event)) worksAgain()
        if (event.kind === 'note' && notes.isNew(event.message)) noteOn(sink, event, options.verbose)
        if (event.kind === 'incomplete') sink.problem(event.message)
        if ((event.kind === 'file' || event.kind === 'left_out') && isNamed(event, isFull, options.verbose)) sink.file(event)
      },
      finish() {
        const summary = tally.summarize()
        worksAgain()
        notes.keep()
        sink.summary(summary, isFirst || hasNews(summary, isFull))
        isFirst = false
      },
      putOff(error) {
        if (putOffBy !== error.message) sink.problem(`${error.message}; it is tried again until it works`, error)
        putOffBy = error.message
      },
      interrupt() {
        const done = formatDone(tally.summarize())
        if (done !== undefined) sink.note(`interrupted: ${done}; the next run goes on from there`)
      },
    }
  }
  return { note: sink.note, begin }
}

function noteOn(sink: Sink, event: NoteEvent, verbose: boolean): void {
  const message = formatNote(event, verbose)
  if (event.isUrgent) sink.urgentNote(message)
  else sink.note(message)
}

/** What is stored already may be known without the remote. */
function isSent(event: RunEvent): boolean {
  return event.kind === 'file' && event.outcome.action === 'uploaded'
}

/** A look through everything would name what is backed up already, time and again. */
function isNamed(event: Extract<RunEvent, { kind: 'file' | 'left_out' }>, isFull: boolean, verbose: boolean): boolean {
  if (event.kind === 'left_out') return verbose && !isFull
  const { action } = event.outcome
  if (action === 'failed' || action === 'uploaded') return true
  return verbose && !isFull
}

function hasNews({ counts, exitCode }: Summary, isFull: boolean): boolean {
  return counts.uploaded > 0 || exitCode !== exitCodes.done || (counts.already_stored > 0 && !isFull)
}

function createLineSink({ mode, stdout, stderr, now, verbose, isTimed = true }: BatchReporterOptions): Sink {
  const print = createLinePrinter(stdout)
  const timed = (text: string): string => (isTimed ? `${formatClock(now())} ${text}` : text)
  const say = (text: string): void => void stderr.write(`${timed(visible(text))}\n`)
  return {
    note: (message) => void (mode === 'quiet' || say(message)),
    urgentNote: say,
    problem: say,
    file(event) {
      if (event.kind === 'left_out') say(`left out: ${event.path}`)
      else if (verbose || event.outcome.action === 'failed') stderr.write(`${timed(formatOutcome(event.outcome))}\n`)
    },
    summary: (summary, isNews) => void (isNews && mode !== 'quiet' && print(timed(formatSummary(summary)))),
  }
}

function createJsonSink({ stdout }: BatchReporterOptions): Sink {
  const print = createJsonPrinter(stdout)
  const note = (message: string): void => print(noteMessage(message))
  return {
    note,
    urgentNote: note,
    problem: (message, error) => print(problemMessage(message, error)),
    file: (event) => print(event.kind === 'left_out' ? leftOutMessage(event) : fileMessage(event.outcome)),
    summary: (summary) => print(summaryMessage(summary)),
  }
}

interface Notes {
  /** Whether this is news; `12 hidden` and `13 hidden` are the same. */
  isNew(message: string): boolean
  /** The batch has come to its end. */
  keep(): void
}

/** Remembers what the last batch of each kind had to say, and no more: what stops being said and begins again is said again. */
function createNoteMemory(): { readonly begin: (isFull: boolean) => Notes } {
  const last = new Map<boolean, ReadonlySet<string>>()
  return {
    begin(isFull) {
      const said = new Set<string>()
      return {
        isNew(message) {
          const words = message.replaceAll(/\d+/g, '#')
          const isKnown = said.has(words) || [...last.values()].some((notes) => notes.has(words))
          said.add(words)
          return !isKnown
        },
        keep: () => void last.set(isFull, said),
      }
    },
  }
}

/** By the clock of this machine: `14:02:11`. */
function formatClock(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((number) => String(number).padStart(2, '0')).join(':')
}
