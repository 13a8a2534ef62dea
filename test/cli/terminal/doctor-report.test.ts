import { expect, onTestFinished, test, vi } from 'vitest'
import type { DoctorEvent } from '../../../cli/doctor/finding.ts'
import { createDoctorReport } from '../../../cli/terminal/doctor-report.ts'
import { RecordedStream } from './recorded-stream.ts'

const ok: DoctorEvent = { kind: 'finding', check: 'sign-in', finding: { kind: 'ok', message: 'anna@example.com' }, durationMs: 1 }
const clock: DoctorEvent = {
  kind: 'finding',
  check: 'clock',
  finding: { kind: 'fault', message: 'it is 20 min wrong', hint: 'set it: sudo timedatectl set-ntp true', exitCode: 15 },
  durationMs: 2,
}
const pull: DoctorEvent = {
  kind: 'finding',
  check: 'pull',
  finding: { kind: 'fault', message: 'evil \x1b[2J '.repeat(12).trim(), hint: 'mend it', exitCode: 5 },
  durationMs: 3,
}
const skipped: DoctorEvent = {
  kind: 'finding',
  check: 'removal',
  finding: { kind: 'not_checked', message: 'nothing there' },
  durationMs: 0,
}
const waiting = (waitedMs: number): DoctorEvent => ({ kind: 'waiting', waitedMs, patienceMs: 120_000 })

function reporting(options: { readonly json?: boolean; readonly isTTY?: boolean; readonly elapsed?: () => number } = {}) {
  const { elapsed = () => 0 } = options
  const [stdout, stderr] = [new RecordedStream(options), new RecordedStream(options)]
  return { stdout, stderr, report: createDoctorReport({ json: options.json === true, stdout, stderr, elapsed }) }
}

test('a line a check, what to do under a fault, and the exit code of the first one', () => {
  const { stdout, report } = reporting()
  for (const event of [ok, clock, skipped]) report.on(event)
  expect(report.finish()).toBe(15)
  expect(stdout.lines).toEqual([
    'ok     sign-in        anna@example.com',
    'FAULT  clock          it is 20 min wrong',
    '                      set it: sudo timedatectl set-ntp true',
    '-      removal        not checked: nothing there',
    'one fault; what was not checked may have more: mend the first one, and run it again',
  ])
})

test('on a terminal long messages go on under their start, and nothing in them moves the cursor', () => {
  const { stdout, report } = reporting({ isTTY: true })
  report.on(pull)
  expect(stdout.text).not.toContain('\x1b')
  expect(stdout.lines.every((line) => line.length <= 100)).toBe(true)
  expect(stdout.lines.slice(1).every((line) => line.startsWith(' '.repeat(22)))).toBe(true)
  expect(stdout.lines.length).toBeGreaterThan(2)
})

test('waiting is one line of a terminal, which goes away; without one a line now and then; with --json nothing', () => {
  const terminal = reporting({ isTTY: true })
  for (const event of [waiting(1000), waiting(2000), ok]) terminal.report.on(event)
  const line = (seconds: string) => `\rwaiting for the backend: ${seconds} of at most 2 min 00 s\x1b[K`
  expect(terminal.stderr.text).toBe(`${line('1.0 s')}${line('2.0 s')}\r\x1b[K`)

  const log = reporting()
  for (const event of [waiting(1000), waiting(31_000), waiting(40_000), ok]) log.report.on(event)
  expect(log.stderr.lines).toEqual(['waiting for the backend: 31.0 s of at most 2 min 00 s'])

  const json = reporting({ json: true })
  for (const event of [waiting(31_000), clock]) json.report.on(event)
  json.report.stop(130)
  expect(json.stderr.text).toBe('')
  expect(json.stdout.lines.map((text): unknown => JSON.parse(text))).toEqual([
    {
      message_type: 'check',
      check: 'clock',
      result: 'fault',
      message: 'it is 20 min wrong',
      hint: 'set it: sudo timedatectl set-ntp true',
      exit_code: 15,
      duration_seconds: 0.002,
    },
    { message_type: 'summary', ok: 0, faults: 1, not_checked: 0, duration_seconds: 0, exit_code: 130 },
  ])
})

test('a check that takes long says so after some seconds, in time that no clock tells', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  let elapsedMs = 0
  const pass = (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 1000) {
      elapsedMs += 1000
      vi.advanceTimersByTime(1000)
    }
  }
  const [terminal, log] = [true, false].map((isTTY) => reporting({ isTTY, elapsed: () => elapsedMs }))
  for (const { report } of [terminal, log].filter((each) => each !== undefined)) report.on({ kind: 'began', check: 'upload' })
  pass(2000)
  expect([terminal?.stderr.text, log?.stderr.text]).toEqual(['', ''])
  pass(2000)
  const line = (seconds: string) => `\rupload: no answer for ${seconds}\x1b[K`
  expect(terminal?.stderr.text).toBe(`${line('3.0 s')}${line('4.0 s')}`)
  pass(30_000)
  expect(log?.stderr.lines).toEqual(['upload: no answer for 3.0 s', 'upload: no answer for 33.0 s'])
  terminal?.report.on(ok)
  pass(30_000)
  expect(terminal?.stderr.text.endsWith('\r\x1b[K')).toBe(true)
})
