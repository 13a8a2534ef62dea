import type { Output } from '../context.ts'
import type { CheckName, DoctorEvent, Finding } from '../doctor/finding.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import { formatDuration } from './format-duration.ts'
import { visible } from './visible.ts'
import { wrapFor } from './wrap.ts'

export interface DoctorReport {
  on(event: DoctorEvent): void
  /** Tells the result. The exit code is that of the first fault. */
  finish(): ExitCode
  /** Tells that it was stopped before its end. */
  stop(exitCode: ExitCode): void
}

export interface DoctorReportOptions {
  readonly json: boolean
  readonly stdout: Output
  readonly stderr: Output
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: Clock['elapsed']
}

interface Counts {
  ok: number
  fault: number
  not_checked: number
  exitCode: ExitCode
}

/** Shows an examination as it goes on: a line a check, what to do under each fault; or JSON lines, a stable interface. */
export function createDoctorReport(options: DoctorReportOptions): DoctorReport {
  const { json, stdout, elapsed } = options
  const startedAtMs = elapsed()
  const counts: Counts = { ok: 0, fault: 0, not_checked: 0, exitCode: exitCodes.done }
  const waiting = json ? undefined : createProgressLine(options)
  const end = (exitCode: ExitCode, words: string): void => {
    waiting?.clear()
    const text = json ? summaryJson(counts, exitCode, elapsed() - startedAtMs) : wrapFor(stdout, words)
    if (text !== '') stdout.write(`${text}\n`)
  }

  return {
    on(event) {
      if (event.kind === 'began') return waiting?.begin(event.check)
      if (event.kind === 'waiting') return waiting?.show(event)
      waiting?.clear()
      const { finding } = event
      if (finding.kind === 'fault' && counts.fault === 0) counts.exitCode = finding.exitCode
      counts[finding.kind] += 1
      stdout.write(`${json ? findingJson(event) : formatFinding(event, stdout)}\n`)
    },
    finish() {
      end(counts.exitCode, verdict(counts))
      return counts.exitCode
    },
    stop: (exitCode) => end(exitCode, ''),
  }
}

type Found = Extract<DoctorEvent, { kind: 'finding' }>

const labels: Readonly<Record<Finding['kind'], string>> = { ok: 'ok', fault: 'FAULT', not_checked: '-' }
const labelWidth = 'FAULT  '.length
const nameWidth = 'configuration  '.length

function formatFinding({ check, finding }: Found, stdout: Output): string {
  const start = `${labels[finding.kind].padEnd(labelWidth)}${check.padEnd(nameWidth)}`
  const indent = ' '.repeat(start.length)
  const said = finding.kind === 'not_checked' ? `not checked: ${finding.message}` : finding.message
  const line = `${start}${wrapFor(stdout, visible(said), indent).slice(start.length)}`
  return finding.kind === 'fault' ? `${line}\n${wrapFor(stdout, visible(finding.hint), indent)}` : line
}

function verdict({ fault, not_checked }: Counts): string {
  if (fault === 0) return 'all is well'
  const faults = fault === 1 ? 'one fault' : `${fault} faults`
  return not_checked === 0 ? faults : `${faults}; what was not checked may have more: mend the first one, and run it again`
}

function findingJson({ check, finding, durationMs }: Found): string {
  return JSON.stringify({
    message_type: 'check',
    check,
    result: finding.kind,
    message: finding.message,
    hint: finding.kind === 'fault' ? finding.hint : null,
    exit_code: finding.kind === 'fault' ? finding.exitCode : null,
    duration_seconds: durationMs / 1000,
  })
}

function summaryJson({ ok, fault, not_checked }: Counts, exitCode: ExitCode, durationMs: number): string {
  const counts = { ok, faults: fault, not_checked }
  return JSON.stringify({ message_type: 'summary', ...counts, duration_seconds: durationMs / 1000, exit_code: exitCode })
}

/** Until then nobody wonders. */
const quietMs = 3_000
/** Without a terminal, a line so often. */
const betweenLinesMs = 30_000
const tickMs = 1_000

/** What goes on while nothing is found yet: on a terminal a line that changes, else a line now and then. */
function createProgressLine({ stderr, elapsed }: Pick<DoctorReportOptions, 'stderr' | 'elapsed'>) {
  let isShown = false
  let nextLineMs = betweenLinesMs
  let timer: NodeJS.Timeout | undefined
  const write = (text: string, waitedMs: number): void => {
    if (stderr.isTTY) stderr.write(`\r${text}\x1b[K`)
    else if (waitedMs >= nextLineMs) stderr.write(`${text}\n`)
    if (waitedMs >= nextLineMs) nextLineMs = waitedMs + betweenLinesMs
    isShown = stderr.isTTY === true
  }
  const clear = (): void => {
    clearInterval(timer)
    if (isShown) stderr.write('\r\x1b[K')
    isShown = false
    nextLineMs = betweenLinesMs
  }
  return {
    clear,
    begin(check: CheckName): void {
      clear()
      nextLineMs = quietMs
      const startedAtMs = elapsed()
      timer = setInterval(() => {
        const waitedMs = elapsed() - startedAtMs
        if (waitedMs >= quietMs) write(`${check}: no answer for ${formatDuration(waitedMs / 1000)}`, waitedMs)
      }, tickMs).unref()
    },
    show({ waitedMs, patienceMs }: Extract<DoctorEvent, { kind: 'waiting' }>): void {
      const text = `waiting for the backend: ${formatDuration(waitedMs / 1000)} of at most ${formatDuration(patienceMs / 1000)}`
      write(text, waitedMs)
    },
  }
}
