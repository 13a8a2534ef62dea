import { describe, expect, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import { Interruption } from '../../../cli/interruption.ts'
import type { FileAction, FileOutcome, RunEvent } from '../../../cli/run-event.ts'
import { createReporter, findReporterMode, type Reporter, type ReporterOptions } from '../../../cli/terminal/reporter.ts'
import { createTally } from '../../../cli/terminal/tally.ts'
import { contentHashSchema } from '../../../contract/content-hash.ts'
import { BrokenPipe, RecordedStream } from './recorded-stream.ts'

const contentHash = contentHashSchema.parse('a'.repeat(64))
const hostile = 'DCIM/\u001b[2J\u202egpj.jpg'

function file(action: FileAction, path: string, sizeBytes = 1000, reason?: string): RunEvent {
  return { kind: 'file', outcome: { action, path, sizeBytes, ...(reason === undefined ? { contentHash } : { reason }) } }
}

const found = (files: number, sizeBytes: number): RunEvent => ({ kind: 'found', files, sizeBytes })
const moved = (sizeBytes: number): RunEvent => ({ kind: 'moved', sizeBytes })

/** Two uploads, the second of which is tried twice; one that is there; one that is no photo; one that fails. */
const sync: readonly RunEvent[] = [
  found(5, 48_100_000),
  { kind: 'note', message: 'the library is in /home/me/\u001b]0;x' },
  moved(8_100_000),
  file('uploaded', 'DCIM/a.jpg', 8_100_000),
  moved(20_000_000),
  moved(-20_000_000),
  moved(40_000_000),
  file('uploaded', 'DCIM/b.jpg', 40_000_000),
  file('already_stored', 'DCIM/c.jpg'),
  file('skipped', 'notes.txt', 5, 'not a photo'),
  file('failed', hostile, 5, 'permission denied'),
]

interface World {
  readonly reporter: Reporter
  readonly stdout: RecordedStream
  readonly stderr: RecordedStream
  /** Tells the events, one every so many milliseconds. */
  tell(events: readonly RunEvent[], stepMs: number): void
}

async function reporterInTest(options: Partial<ReporterOptions> & { readonly mode: ReporterOptions['mode'] }): Promise<World> {
  const stdout = new RecordedStream()
  const stderr = new RecordedStream({ isTTY: options.mode === 'terminal' })
  let nowMs = 0
  const reporter = await createReporter({ kind: 'sync', stdout, stderr, now: () => nowMs, ...options })
  const tell = (events: readonly RunEvent[], stepMs: number): void => {
    for (const event of events) {
      nowMs += stepMs
      reporter.on(event)
    }
  }
  return { reporter, stdout, stderr, tell }
}

test('lines: what failed, a line now and then, and the summary on stdout', async () => {
  const { reporter, stdout, stderr, tell } = await reporterInTest({ mode: 'lines' })
  tell(sync, 1200)
  expect(reporter.finish()).toMatchObject({ exitCode: 3, movedBytes: 48_100_000 })
  expect(stderr.lines).toEqual([
    'the library is in /home/me/\\x1b]0;x',
    'sync: 0 of 5 files, 17.8 s left, 8.1 MB of 48.1 MB, 2.3 MB/s',
    'sync: 1 of 5 files, 19.2 s left, 28.1 MB of 48.1 MB, 4.7 MB/s',
    'sync: 1 of 5 files, 19.2 s left, 48.1 MB of 48.1 MB, waiting for the backend',
    'failed: DCIM/\\x1b[2J\\u202egpj.jpg: permission denied',
  ])
  expect(stdout.lines).toEqual(['uploaded 2 (48.1 MB), already stored 1, skipped 1, failed 1 in 13.2 s'])
})

test('lines: nothing for what goes quickly, and with verbose every file', async () => {
  const { reporter, stderr, tell } = await reporterInTest({ mode: 'lines', verbose: true })
  tell(sync, 1)
  reporter.finish()
  expect(stderr.lines).toEqual([
    'the library is in /home/me/\\x1b]0;x',
    'uploaded: DCIM/a.jpg',
    'uploaded: DCIM/b.jpg',
    'already stored: DCIM/c.jpg',
    'skipped: notes.txt: not a photo',
    'failed: DCIM/\\x1b[2J\\u202egpj.jpg: permission denied',
  ])
})

test('quiet: only what failed', async () => {
  const { reporter, stdout, stderr, tell } = await reporterInTest({ mode: 'quiet' })
  tell(sync, 60_000)
  expect(reporter.finish().exitCode).toBe(3)
  expect(stdout.text).toBe('')
  expect(stderr.lines).toEqual(['failed: DCIM/\\x1b[2J\\u202egpj.jpg: permission denied'])
})

test('json: JSON lines on stdout and nothing anywhere else; names as they are', async () => {
  const { reporter, stdout, stderr, tell } = await reporterInTest({ mode: 'json' })
  tell(sync, 500)
  reporter.finish()
  expect(stderr.text).toBe('')
  const messages = stdout.lines.map((line): unknown => JSON.parse(line))
  const ofFile = { message_type: 'file', content_hash: contentHash, reason: null }
  expect(messages).toEqual([
    { message_type: 'status', message: 'the library is in /home/me/\u001b]0;x' },
    {
      message_type: 'status',
      files_done: 0,
      total_files: 5,
      bytes_done: 0,
      total_bytes: 48_100_000,
      bytes_per_second: 0,
      seconds_elapsed: 1,
      seconds_remaining: null,
    },
    { ...ofFile, action: 'uploaded', path: 'DCIM/a.jpg', size_bytes: 8_100_000 },
    expect.objectContaining({ message_type: 'status', files_done: 1, bytes_done: 8_100_000 }),
    expect.objectContaining({ message_type: 'status', bytes_done: 8_100_000 }),
    { ...ofFile, action: 'uploaded', path: 'DCIM/b.jpg', size_bytes: 40_000_000 },
    expect.objectContaining({ message_type: 'status', files_done: 2, bytes_done: 48_100_000 }),
    { ...ofFile, action: 'already_stored', path: 'DCIM/c.jpg', size_bytes: 1000 },
    { ...ofFile, action: 'skipped', path: 'notes.txt', size_bytes: 5, content_hash: null, reason: 'not a photo' },
    expect.objectContaining({ message_type: 'status', files_done: 4 }),
    { message_type: 'error', action: 'failed', path: hostile, size_bytes: 5, content_hash: null, reason: 'permission denied' },
    {
      message_type: 'summary',
      uploaded: 2,
      already_stored: 1,
      would_upload: 0,
      skipped: 1,
      failed: 1,
      bytes_uploaded: 48_100_000,
      bytes_would_upload: 0,
      duration_seconds: 5.5,
      exit_code: 3,
    },
  ])
})

test('terminal: a bar on stderr, erased before a line and before the summary', async () => {
  const { reporter, stdout, stderr, tell } = await reporterInTest({ mode: 'terminal' })
  tell(sync, 1200)
  reporter.finish()
  reporter.close()
  expect(stderr.text).toContain('99%  4/5 files  3.6 s left  48.1 MB of 48.1 MB  waiting for the backend')
  expect(stderr.text).not.toContain('\u001b[2J')
  expect(stderr.text).not.toContain('\u202e')
  // Erased (cursor to the first column, line cleared) right before the failure is named, and at the end.
  const erase = '\u001b[1G\u001b[2K'
  expect(stderr.text).toContain(`${erase}failed: DCIM/\\x1b[2J\\u202egpj.jpg: permission denied\n`)
  expect(stderr.text.endsWith(erase)).toBe(true)
  expect(stdout.lines).toEqual(['uploaded 2 (48.1 MB), already stored 1, skipped 1, failed 1 in 13.2 s'])
})

test('terminal: a dry run has no rate', async () => {
  const { reporter, stderr, tell } = await reporterInTest({ mode: 'terminal', dryRun: true })
  tell([found(2, 2000), file('would_upload', 'a')], 1200)
  reporter.close()
  expect(stderr.text).toContain('50%  1/2 files  2.4 s left  1.0 kB of 2.0 kB')
  expect(stderr.text).not.toContain('B/s')
})

test("a pull's summary, in words and in JSON", async () => {
  const events = [
    found(4, 4000),
    moved(1000),
    file('pulled', 'a'),
    file('pulled', 'copy of a'),
    file('unchanged', 'b'),
    file('unchanged', 'c'),
  ]
  const words = await reporterInTest({ mode: 'lines', kind: 'pull' })
  words.tell(events, 500)
  expect(words.reporter.finish().exitCode).toBe(0)
  expect(words.stdout.lines).toEqual(['pulled 2 (1.0 kB), unchanged 2, failed 0 in 3.0 s'])
  const json = await reporterInTest({ mode: 'json', kind: 'pull' })
  json.tell(events, 1)
  json.reporter.finish()
  expect(JSON.parse(json.stdout.lines.at(-1) ?? '')).toEqual({
    message_type: 'summary',
    pulled: 2,
    unchanged: 2,
    would_pull: 0,
    skipped: 0,
    failed: 0,
    bytes_downloaded: 1000,
    bytes_would_download: 0,
    thawing: 0,
    thaw_requested: 0,
    bytes_thawing: 0,
    thaw_ready_by: null,
    would_thaw: 0,
    bytes_would_thaw: 0,
    duration_seconds: 0.006,
    exit_code: 0,
  })
})

test('a dry run says so, and what it would do; bytes that would move once count once', async () => {
  const { reporter, stdout, tell } = await reporterInTest({ mode: 'lines', dryRun: true })
  const copy: RunEvent = {
    kind: 'file',
    outcome: { action: 'would_upload', path: 'copy of b', sizeBytes: 1000, movesNoBytes: true },
  }
  tell([found(3, 3000), file('would_upload', 'a'), file('would_upload', 'b'), copy], 1)
  reporter.finish()
  expect(stdout.lines).toEqual(['dry run: would upload 3 (2.0 kB), already stored 0, skipped 0, failed 0 in 0.0 s'])
})

test.each([
  ['sync', 'dry run: would upload 0 (0 B), already stored 1, skipped 0, failed 0 in 0.0 s'],
  ['pull', 'dry run: would pull 0 (0 B), unchanged 0, failed 0 in 0.0 s'],
] as const)('a dry %s says so when there is nothing to do, too', async (kind, summary) => {
  const { reporter, stdout, tell } = await reporterInTest({ mode: 'lines', kind, dryRun: true })
  tell([found(1, 1000), file('already_stored', 'a')], 1)
  reporter.finish()
  expect(stdout.lines).toEqual([summary])
})

describe('a run that is stopped', () => {
  const interruption = new Interruption('SIGINT')
  const lost = new UserError('the remote cannot be reached', { exitCode: 5, hint: 'check the network' })
  const some: readonly RunEvent[] = [found(9, 9000), file('uploaded', 'a'), file('uploaded', 'b'), file('already_stored', 'c')]

  test.each(['lines', 'quiet', 'terminal'] as const)('%s: says what was done, in a line, and shows no summary', async (mode) => {
    const { reporter, stdout, stderr, tell } = await reporterInTest({ mode })
    tell(some, 1)
    reporter.stop(interruption)
    reporter.close()
    expect(stdout.text).toBe('')
    const line = 'interrupted: 2 uploaded, 1 already stored; safe to run again\n'
    expect(stderr.text.split('\u001b[2K').at(-1)).toBe(line)
  })

  test('says that nothing was done, or leaves it to the failure', async () => {
    const { reporter, stderr } = await reporterInTest({ mode: 'lines' })
    reporter.stop(lost)
    expect(stderr.text).toBe('')
    reporter.stop(interruption)
    expect(stderr.text).toBe('interrupted: nothing was done; safe to run again\n')
  })

  test('says what is kept of originals that are not whole at the remote', async () => {
    const { reporter, stderr, tell } = await reporterInTest({ mode: 'lines' })
    const kept = (letter: string, sizeBytes: number): RunEvent => {
      return { kind: 'kept', contentHash: contentHashSchema.parse(letter.repeat(64)), sizeBytes }
    }
    tell([kept('a', 8_000_000), kept('b', 64_000_000), kept('c', 8_000_000), kept('b', 128_000_000), kept('c', 0)], 1)
    reporter.stop(interruption)
    tell([file('uploaded', 'a')], 1)
    reporter.stop(interruption)
    expect(stderr.lines).toEqual([
      'interrupted: 136.0 MB of 2 large files kept for the next run; safe to run again',
      'interrupted: 1 uploaded, 128.0 MB of 1 large file kept for the next run; safe to run again',
    ])
  })

  test('of an original that another machine has sent meanwhile nothing is kept', async () => {
    const { reporter, stderr, tell } = await reporterInTest({ mode: 'lines' })
    tell([{ kind: 'kept', contentHash, sizeBytes: 8_000_000 }, file('already_stored', 'a')], 1)
    reporter.stop(interruption)
    expect(stderr.lines).toEqual(['interrupted: 1 already stored; safe to run again'])
  })

  test('json: a failure is an error message, and a summary is last', async () => {
    const { reporter, stdout, tell } = await reporterInTest({ mode: 'json' })
    tell(some, 1)
    reporter.stop(lost)
    expect(stdout.lines.slice(-2).map((line): unknown => JSON.parse(line))).toEqual([
      { message_type: 'error', message: 'the remote cannot be reached', hint: 'check the network', exit_code: 5 },
      expect.objectContaining({ message_type: 'summary', uploaded: 2, already_stored: 1, exit_code: 5 }),
    ])
  })

  test('json: an interruption is the exit code of the summary, and a line on stderr', async () => {
    const { reporter, stdout, stderr, tell } = await reporterInTest({ mode: 'json' })
    tell(some, 1)
    reporter.stop(interruption)
    expect(JSON.parse(stdout.lines.at(-1) ?? '')).toMatchObject({ message_type: 'summary', uploaded: 2, exit_code: 130 })
    expect(stderr.lines).toEqual(['interrupted: 2 uploaded, 1 already stored; safe to run again'])
  })
})

test('stored bytes that differ decide the exit code', async () => {
  const { reporter, tell } = await reporterInTest({ mode: 'quiet', kind: 'pull' })
  const lost: RunEvent = {
    kind: 'file',
    outcome: { action: 'failed', path: 'a', sizeBytes: 1, reason: 'lost', storedBytesDiffer: true },
  }
  tell([lost, file('failed', 'b', 1, 'other')], 1)
  expect(reporter.finish().exitCode).toBe(13)
})

test.each(['lines', 'quiet'] as const)('%s: what to do about stored bytes that differ is said last', async (mode) => {
  const { reporter, stderr, tell } = await reporterInTest({ mode, kind: 'verify' })
  const outcome = { action: 'failed', path: 'a', sizeBytes: 1, reason: 'differs', storedBytesDiffer: true } as const
  tell([{ kind: 'file', outcome }], 1)
  reporter.finish()
  expect(stderr.lines).toEqual([
    'failed: a: differs',
    'keep your own copies of what the storage has lost or changed; how to send them again: docs/exit-codes.md, 13',
  ])
})

describe('how far it is', () => {
  test('a bar follows the bytes of a single large file, and is full only once that is confirmed', () => {
    const tally = createTally('sync', () => 0)
    for (const event of [found(1, 4000), moved(1000)]) tally.count(event)
    expect(tally.progress()).toMatchObject({ filesDone: 0, share: 0.25 })
    tally.count(moved(3000))
    expect(tally.progress()).toMatchObject({ isWaiting: true, share: 0.99 })
    tally.count(file('uploaded', 'a.mp4', 4000))
    expect(tally.progress()).toMatchObject({ share: 1 })
  })

  test('of files without bytes it follows the files', () => {
    const tally = createTally('sync', () => 0)
    for (const event of [found(4, 0), file('uploaded', 'empty.jpg', 0)]) tally.count(event)
    expect(tally.progress()).toMatchObject({ share: 0.25 })
  })

  const stored: FileOutcome = { action: 'already_stored', path: 'a', sizeBytes: 151_000_000, isRemembered: true }
  test.each<[string, RunEvent]>([
    ['known from an earlier run, and counted', { kind: 'unchanged', files: 1, sizeBytes: 151_000_000 }],
    ['known from an earlier run, and named', { kind: 'file', outcome: stored }],
    ['refused at once', file('failed', 'a', 151_000_000, 'too large')],
    ['no photo', file('skipped', 'a', 151_000_000, 'not a photo')],
  ])('the time left is at the pace of what is sent, not of what is %s', (_what, event) => {
    let nowMs = 0
    const tally = createTally('sync', () => nowMs)
    const secondsLeft = (): number | undefined => tally.progress().secondsLeft
    for (const each of [found(2, 211_000_000), event]) tally.count(each)
    nowMs = 1000
    expect(secondsLeft()).toBeUndefined()
    for (const expected of [11, 10, 9, 8]) {
      tally.count(moved(5_000_000))
      expect(secondsLeft()).toBeCloseTo(expected)
      nowMs += 1000
    }
  })
})

test('the time left of bytes that are to be sent is at the pace of sending, not of reading those that were stored', () => {
  let nowMs = 0
  const tally = createTally('sync', () => nowMs)
  const secondsLeft = (): number | undefined => tally.progress().secondsLeft
  tally.count(found(2, 155_000_000))
  nowMs = 1000
  tally.count(file('already_stored', 'hashed.mp4', 100_000_000))
  expect(secondsLeft()).toBeCloseTo(1)
  tally.count({ kind: 'wanted', sizeBytes: 55_000_000 })
  expect(secondsLeft()).toBeUndefined()
  for (const expected of [10, 9, 8, 7, 6, 5, 4, 3, 2]) {
    nowMs += 1000
    tally.count(moved(5_000_000))
    expect(secondsLeft()).toBeCloseTo(expected)
  }
  tally.count(found(1, 145_000_000)) // of which nobody knows yet whether it is to be sent
  expect(secondsLeft()).toBeCloseTo(2 + 10)
})

test('a bar over nothing is not full', () => {
  expect(createTally('verify', () => 0).progress()).toMatchObject({ filesFound: 0, share: 0 })
})

test('a reader of stdout that leaves ends the output, not the run', async () => {
  const stdout = new BrokenPipe(1)
  const { reporter, tell } = await reporterInTest({ mode: 'json', stdout })
  tell(sync, 1)
  await new Promise((resolve) => stdout.once('close', resolve))
  tell(sync, 1)
  expect(reporter.finish().counts.uploaded).toBe(4)
  expect(stdout.lines).toHaveLength(1)
})

test.each([
  [{ json: true, quiet: true }, true, 'xterm', 'json'],
  [{ quiet: true }, true, 'xterm', 'quiet'],
  [{}, true, 'xterm', 'terminal'],
  [{}, true, undefined, 'terminal'],
  [{}, true, 'dumb', 'lines'],
  [{}, false, 'xterm', 'lines'],
])('flags %j, terminal %s, TERM %s: %s', (flags, isTTY, terminal, expected) => {
  expect(findReporterMode(flags, { stderr: new RecordedStream({ isTTY }), environment: { TERM: terminal } })).toBe(expected)
})

describe('what lies in an archive', () => {
  const readyBy = new Date('2026-11-24T22:05:00.000Z')
  const thawing = (path: string, isNew: boolean, movesNoBytes?: true): RunEvent => ({
    kind: 'file',
    outcome: { action: 'thawing', path, sizeBytes: 4_000_000, thaw: { isNew, readyBy }, ...(movesNoBytes && { movesNoBytes }) },
  })
  const pulled: readonly RunEvent[] = [
    file('pulled', 'a.jpg'),
    thawing('b.jpg', true),
    thawing('copy of b.jpg', true, true),
    thawing('c.jpg', false),
  ]

  test('is counted, each original once, and the way back is told with what was typed', async () => {
    const typed = "photos pull --to '/back up'"
    const { reporter, stdout, stderr, tell } = await reporterInTest({ kind: 'pull', mode: 'lines', typed })
    tell(pulled, 1)
    expect(reporter.finish().exitCode).toBe(14)
    expect(stdout.lines).toEqual(['pulled 1 (0 B), thawing 3 (8.0 MB), unchanged 0, failed 0 in 0.0 s'])
    const [comeBack] = stderr.lines
    expect(comeBack).toMatch(
      /^3 files \(8\.0 MB\) are thawing and should be there by 2026-11-2\d \d\d:\d5; then run again: photos pull --to '\/back up'$/,
    )
  })

  test('is in the summary of --json, and not in what --quiet says', async () => {
    const json = await reporterInTest({ kind: 'pull', mode: 'json' })
    json.tell(pulled, 1)
    json.reporter.finish()
    expect(json.stderr.text).toBe('')
    expect(JSON.parse(json.stdout.lines.at(-1) ?? '')).toMatchObject({
      pulled: 1,
      thawing: 3,
      thaw_requested: 2,
      bytes_thawing: 8_000_000,
      thaw_ready_by: '2026-11-24T22:05:00.000Z',
      exit_code: 14,
    })
    const quiet = await reporterInTest({ kind: 'pull', mode: 'quiet' })
    quiet.tell(pulled, 1)
    expect(quiet.reporter.finish().exitCode).toBe(14)
    expect([quiet.stdout.text, quiet.stderr.text]).toEqual(['', ''])
  })

  test('does not hide what failed', async () => {
    const { reporter, tell } = await reporterInTest({ kind: 'pull', mode: 'quiet' })
    tell([...pulled, file('failed', 'd.jpg', 5, 'permission denied')], 1)
    expect(reporter.finish().exitCode).toBe(3)
  })

  test('of a dry run is no reason to come back to it', async () => {
    const options = { kind: 'pull', mode: 'lines', dryRun: true, typed: 'photos pull --dry-run' } as const
    const { reporter, stderr, tell } = await reporterInTest(options)
    tell([thawing('c.jpg', false)], 1)
    expect(reporter.finish().exitCode).toBe(0)
    expect(stderr.lines).toEqual([
      expect.stringMatching(/^1 file \(4\.0 MB\) is thawing and .*; then a pull without --dry-run brings what thawed$/),
    ])
  })

  test('a dry run says how much would have to thaw', async () => {
    const { reporter, stdout, tell } = await reporterInTest({ kind: 'pull', mode: 'lines', dryRun: true })
    tell([file('would_pull', 'a.jpg'), file('would_thaw', 'b.jpg', 4_100_000_000)], 1)
    expect(reporter.finish().exitCode).toBe(0)
    expect(stdout.lines).toEqual(['dry run: would pull 1 (1.0 kB), would thaw 1 (4.1 GB), unchanged 0, failed 0 in 0.0 s'])
  })
})
