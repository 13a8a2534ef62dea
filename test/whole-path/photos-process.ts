import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inject, onTestFinished } from 'vitest'
import * as z from 'zod'
import type { Context } from '../../cli/context.ts'
import { run } from '../../cli/program.ts'
import { RecordedStream } from '../cli/terminal/recorded-stream.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { impatientClock } from './hasty-clock.ts'

/** How a command line ended, and what it said. */
export interface Finished {
  /** Null when a signal ended the process. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningPhotos {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** What has come so far. */
  readonly said: { readonly stdout: string; readonly stderr: string }
  /** The first match in what one of the streams says; rejects when the process ends without it. */
  saying(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>
}

/** A user with folders of their own: `photos` as this user types it. */
export interface PhotosUser {
  readonly folder: string
  readonly library: string
  /** Starts `photos ARGUMENTS…` without waiting for it. */
  start(commandLine: readonly string[], options?: StartOptions): RunningPhotos
  /** Runs it to its end. */
  photos(...commandLine: readonly string[]): Promise<Finished>
  /**
   * The same without a process, which takes a second of the processor to start: for what a test is not about, or what goes
   * wrong outside of the command. Paths are whole ones.
   */
  here(...commandLine: readonly string[]): Promise<Finished>
  /** The same in a world that differs, as in its clock. */
  hereIn(world: Partial<Context>, ...commandLine: readonly string[]): Promise<Finished>
}

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** A program and its arguments, which then start Node: `['/usr/bin/time', '-v']`. */
  readonly wrapper?: readonly string[]
}

/** The built command, as Node starts it. */
export const photosProgram = inject('photosProgram')

export async function photosUser(): Promise<PhotosUser> {
  const folder = await temporaryFolder()
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_DATA_HOME: join(folder, 'data'),
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
  }
  const start: PhotosUser['start'] = (commandLine, options = {}) => {
    const [program = '', ...rest] = [...(options.wrapper ?? []), process.execPath, photosProgram, ...commandLine]
    return follow(spawn(program, rest, { cwd: folder, env: { ...environment, ...options.environment } }))
  }
  return {
    folder,
    library: join(folder, 'library'),
    start,
    photos: (...commandLine) => start(commandLine).finished,
    here: (...commandLine) => runHere(commandLine, environment),
    hereIn: (world, ...commandLine) => runHere(commandLine, environment, world),
  }
}

async function runHere(
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>>,
  world: Partial<Context> = {},
): Promise<Finished> {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const context = { stdin: Readable.from([]), stdout, stderr, environment, now: () => new Date(), clock: impatientClock }
  const exitCode = await run(commandLine, { ...context, signal: new AbortController().signal, ...world })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

/** Collects what a process says; one that is still there when the test has finished is killed. */
export function follow(child: ChildProcess): RunningPhotos {
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
    })
  }
  const finished = once(child, 'close').then(([exitCode]): Finished => ({ exitCode: exitCodeSchema.parse(exitCode), ...said }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await finished
  })
  return { child, finished, said, saying: (pattern, stream = 'stdout') => findSaid(child, said, stream, pattern, finished) }
}

const exitCodeSchema = z.int().nullable()

async function findSaid(
  child: ChildProcess,
  said: RunningPhotos['said'],
  stream: 'stdout' | 'stderr',
  pattern: RegExp,
  finished: Promise<Finished>,
): Promise<RegExpExecArray> {
  let hasEnded = false
  const ended = finished.then(() => {
    hasEnded = true
  })
  for (;;) {
    const match = pattern.exec(said[stream])
    if (match) return match
    if (hasEnded) throw new Error(`photos ended without saying ${pattern}: ${said.stdout}${said.stderr}`)
    const source = child[stream]
    await Promise.race([ended, ...(source ? [once(source, 'data')] : [])])
  }
}

const messageSchema = z.record(z.string(), z.unknown()).and(z.object({ message_type: z.string() }))
export type Message = z.infer<typeof messageSchema>

/** What `--json` wrote; throws when a line is no message. */
export function messagesOf({ stdout }: Pick<Finished, 'stdout'>): readonly Message[] {
  const lines = stdout.split('\n')
  if (lines.pop() !== '') throw new Error('the last line has no end')
  return lines.map((line) => messageSchema.parse(JSON.parse(line)))
}

const outcomeSchema = z.object({
  message_type: z.enum(['file', 'error']),
  action: z.string(),
  path: z.string(),
  size_bytes: z.int(),
  content_hash: z.string().nullable(),
  reason: z.string().nullable(),
})
export type Outcome = z.infer<typeof outcomeSchema>

/** The files that a run with `--json` told of. */
export function outcomesOf(finished: Pick<Finished, 'stdout'>): readonly Outcome[] {
  return messagesOf(finished).flatMap((message) => outcomeSchema.safeParse(message).data ?? [])
}

const summarySchema = z.object({
  message_type: z.literal('summary'),
  uploaded: z.int().optional(),
  already_stored: z.int().optional(),
  would_upload: z.int().optional(),
  pulled: z.int().optional(),
  unchanged: z.int().optional(),
  skipped: z.int(),
  failed: z.int(),
  bytes_uploaded: z.int().optional(),
  duration_seconds: z.number(),
  exit_code: z.int(),
})
export type Summary = z.infer<typeof summarySchema>

/** The last line of a run with `--json`. */
export function summaryOf(finished: Finished): Summary {
  const last = messagesOf(finished).at(-1)
  const summary = summarySchema.safeParse(last)
  if (!summary.success) throw new Error(`no summary; exit code ${finished.exitCode}: ${finished.stdout}${finished.stderr}`)
  return summary.data
}

const listedSchema = z.object({
  content_hash: z.string(),
  file_name: z.string(),
  path: z.string().nullable(),
  size_bytes: z.int(),
  content_type: z.string(),
  capture_time: z.string().nullable(),
  capture_time_source: z.string().nullable(),
  width_pixels: z.int().nullable(),
  height_pixels: z.int().nullable(),
  camera: z.string().nullable(),
  renditions: z.array(z.object({ name: z.string(), width_pixels: z.int(), height_pixels: z.int(), size_bytes: z.int() })),
  reason: z.string().nullable(),
})
export type ListedPhoto = z.infer<typeof listedSchema>

/** What `photos ls --json` lists. */
export async function listPhotos(user: PhotosUser): Promise<readonly ListedPhoto[]> {
  const { exitCode, stdout, stderr } = await user.here('ls', '--json', '--library', user.library)
  if (exitCode !== 0) throw new Error(`photos ls ended with ${exitCode}: ${stderr}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => listedSchema.strict().parse(JSON.parse(line)))
}
