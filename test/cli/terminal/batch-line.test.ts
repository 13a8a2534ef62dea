import { expect, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import { exitCodes } from '../../../cli/exit-codes.ts'
import type { FileAction, RunEvent } from '../../../cli/run-event.ts'
import { type BatchReporterOptions, createBatchReporter } from '../../../cli/terminal/batch-line.ts'
import { RecordedStream } from './recorded-stream.ts'

const file = (action: FileAction, path: string): RunEvent => ({
  kind: 'file',
  outcome: { action, path, sizeBytes: 1000, ...(action === 'failed' && { reason: 'permission denied' }) },
})
const note = (message: string): RunEvent => ({ kind: 'note', message })
const offline = new UserError('cannot reach the remote', { exitCode: exitCodes.remoteUnreachable, hint: 'check the network' })

function reporterInTest(options: Partial<BatchReporterOptions> = {}) {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const now = () => new Date(2026, 10, 23, 14, 2, 11)
  const reporter = createBatchReporter({ mode: 'lines', stdout, stderr, now, verbose: false, ...options })
  const batch = (isFull: boolean, events: readonly RunEvent[]): void => {
    const line = reporter.begin(isFull)
    for (const event of events) line.on(event)
    line.finish()
  }
  return { reporter, stdout, stderr, batch }
}

const change = [file('uploaded', 'DCIM/a.jpg'), file('already_stored', 'DCIM/b.jpg'), file('failed', 'DCIM/\u001b[2J.jpg')]

test('a batch is a line with the time, and names what failed', () => {
  const { stdout, stderr, batch } = reporterInTest()
  batch(false, [{ kind: 'moved', sizeBytes: 48_100_000 }, ...change])
  expect(stdout.lines).toEqual(['14:02:11 uploaded 1 (48.1 MB), already stored 1, skipped 0, failed 1 in 0.0 s'])
  expect(stderr.lines).toEqual(['14:02:11 failed: DCIM/\\x1b[2J.jpg: permission denied'])
})

test('nothing is said when nothing happened, but that the first batch went well', () => {
  const { stdout, batch } = reporterInTest()
  for (const isFull of [true, true, false]) batch(isFull, [file('skipped', 'notes.txt')])
  batch(true, [file('already_stored', 'DCIM/b.jpg')])
  expect(stdout.lines).toEqual(['14:02:11 uploaded 0 (0 B), already stored 0, skipped 1, failed 0 in 0.0 s'])
  batch(false, [file('already_stored', 'DCIM/b.jpg')])
  expect(stdout.lines).toHaveLength(2)
})

test('a note is said once for as long as every batch has it, whatever its numbers, and one of the watch each time', () => {
  const { reporter, stderr, batch } = reporterInTest()
  const remote = note('the remote is photos.example')
  const away = note('the remote does not answer; trying until 02:15')
  for (const count of [12, 13]) {
    batch(true, [remote, note(`left out: ${count} hidden`)])
    batch(false, [remote, away])
    batch(false, [remote])
  }
  for (let time = 0; time < 2; time += 1) reporter.note('/card is gone')
  expect(stderr.lines.map((line) => line.slice('14:02:11 '.length))).toEqual([
    'the remote is photos.example',
    'left out: 12 hidden',
    'the remote does not answer; trying until 02:15',
    'the remote does not answer; trying until 02:15',
    '/card is gone',
    '/card is gone',
  ])
})

test('what keeps batches from being carried out is said once, until one is', () => {
  const { reporter, stderr, batch } = reporterInTest({ mode: 'quiet' })
  for (let time = 0; time < 3; time += 1) reporter.begin(false).putOff(offline)
  batch(false, [])
  reporter.begin(false).putOff(offline)
  expect(stderr.lines).toEqual(new Array(2).fill('14:02:11 cannot reach the remote; it is tried again until it works'))
})

test('that it works again is said once, when a batch is carried out or as soon as something is uploaded', () => {
  const { reporter, stderr, batch } = reporterInTest()
  reporter.begin(false).putOff(offline)
  for (let time = 0; time < 2; time += 1) batch(false, [])
  reporter.begin(false).putOff(offline)
  const line = reporter.begin(false)
  line.on(file('already_stored', 'DCIM/a.jpg'))
  expect(stderr.lines).toHaveLength(3)
  for (const path of ['DCIM/b.jpg', 'DCIM/c.jpg']) line.on(file('uploaded', path))
  expect(stderr.lines).toHaveLength(4)
  line.putOff(offline)
  const [lost, again] = ['cannot reach the remote; it is tried again until it works', 'it works again']
  expect(stderr.lines.map((text) => text.slice('14:02:11 '.length))).toEqual([lost, again, lost, again, lost])
})

test('quiet says failures and nothing else, verbose names every file', () => {
  const quiet = reporterInTest({ mode: 'quiet' })
  quiet.batch(false, [note('a note'), ...change])
  expect([...quiet.stdout.lines, ...quiet.stderr.lines]).toHaveLength(1)
  const verbose = reporterInTest({ verbose: true })
  verbose.batch(false, change)
  verbose.batch(true, change)
  expect(verbose.stderr.lines.map((line) => line.slice('14:02:11 '.length, -4))).toEqual([
    'uploaded: DCIM/a',
    'already stored: DCIM/b',
    expect.stringMatching('failed'),
    'uploaded: DCIM/a',
    expect.stringMatching('failed'),
  ])
})

test('json has a summary a batch, and the files that are new or have failed', () => {
  const { reporter, stdout, stderr, batch } = reporterInTest({ mode: 'json' })
  batch(true, change)
  batch(true, [])
  reporter.begin(false).putOff(offline)
  const messages = stdout.lines.map((line): unknown => JSON.parse(line))
  expect(messages).toEqual([
    expect.objectContaining({ message_type: 'file', action: 'uploaded' }),
    expect.objectContaining({ message_type: 'error', action: 'failed' }),
    expect.objectContaining({ message_type: 'summary', uploaded: 1, already_stored: 1, failed: 1, exit_code: 3 }),
    expect.objectContaining({ message_type: 'summary', uploaded: 0, exit_code: 0 }),
    expect.objectContaining({ message_type: 'error', hint: 'check the network', exit_code: 5 }),
  ])
  expect(stderr.text).toBe('')
})

test('an interruption in the middle of a batch tells what was done', () => {
  const { reporter, stderr } = reporterInTest()
  const line = reporter.begin(true)
  line.on(file('uploaded', 'DCIM/a.jpg'))
  line.interrupt()
  expect(stderr.lines).toEqual(['14:02:11 interrupted: 1 uploaded; the next run goes on from there'])
})
