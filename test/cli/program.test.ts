import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod'
import { Interruption } from '../../cli/interruption.ts'
import { run } from '../../cli/program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { RecordedStream } from './terminal/recorded-stream.ts'

const startedAt = new Date()

let home: string

beforeEach(async () => {
  home = await temporaryFolder()
  await mkdir(join(home, 'DCIM'))
  await writeFile(join(home, 'DCIM/clip.mp4'), 'a clip')
  await writeFile(join(home, 'DCIM/copy.mp4'), 'a clip')
})

interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** One command line, as a user with an empty home types it. */
async function photos(
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  signal = new AbortController().signal,
): Promise<Ended> {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const exitCode = await run(commandLine, {
    stdin: Readable.from([]),
    stdout,
    stderr,
    environment: { HOME: home, ...environment },
    now: () => startedAt, // it stands still: no progress line comes between on a slow machine
    signal,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

const interrupted = AbortSignal.abort(new Interruption('SIGINT'))
const dcim = () => join(home, 'DCIM')
const library = () => join(home, '.local/share/photos/library')

describe('a forgotten value', () => {
  test.each([
    ['--log-file', '--dry-run'],
    ['--device', '-n'],
    ['--exclude', '-nq'],
    ['--exclude', '--quite'],
    ['--device', '--'],
  ])('%s does not take %s for it', async (flag, next) => {
    const { exitCode, stdout, stderr } = await photos(['sync', dcim(), flag, next])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^error: '${flag} <\\w+>' is followed by ${next}, which is no value`))
    expect(existsSync(library())).toBe(false)
  })

  test('a value may begin so behind a =, and may be a -', async () => {
    expect(await photos(['sync', '-n', dcim(), '--device=--dry-run'])).toMatchObject({ exitCode: 0 })
    expect(await photos(['sync', '-n', dcim(), '--exclude', '-x', '--files-from', '-'])).toMatchObject({ exitCode: 0 })
    expect(await photos(['sync', '-n', '--', dcim()])).toMatchObject({ exitCode: 0 })
  })

  test('is not scheduled either', async () => {
    const { exitCode, stderr } = await photos(['schedule', 'install', dcim(), '--device', '--quiet'])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining("'--device <name>' is followed by --quiet"),
    })
  })
})

describe('flags that take no value', () => {
  test.each(['1', 'true', 'YES'])('a variable that is %j switches one on', async (value) => {
    const { exitCode, stdout } = await photos(['sync', dcim()], { PHOTOS_DRY_RUN: value })
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/would upload/) })
    expect(existsSync(library())).toBe(false)
  })

  test.each(['0', 'false', 'no', ''])('a variable that is %j leaves one off', async (value) => {
    const environment = { PHOTOS_DRY_RUN: value, PHOTOS_JSON: value, PHOTOS_QUIET: value, PHOTOS_VERBOSE: value }
    const { exitCode, stdout, stderr } = await photos(['sync', dcim()], environment)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^uploaded 1 /) })
    expect(stderr).not.toContain('clip.mp4')
  })

  test.each(['on', 'ja', ' '])('a variable that is %j is a usage error', async (value) => {
    const { exitCode, stderr } = await photos(['sync', dcim()], { PHOTOS_QUIET: value })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`PHOTOS_QUIET is '${value}'; give 1, true or yes, or 0, false or no`)
  })

  test('quiet and verbose contradict each other, unless one is typed and the other a variable', async () => {
    expect(await photos(['sync', dcim(), '-q', '-v'])).toMatchObject({ exitCode: 2, stdout: '' })
    expect(existsSync(library())).toBe(false)
    const typed = await photos(['sync', dcim(), '-v'], { PHOTOS_QUIET: '1' })
    expect(typed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('clip.mp4') })
    expect(await photos(['sync', dcim(), '-q'], { PHOTOS_VERBOSE: '1' })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })
})

describe('where there is no library', () => {
  test('a dry run says what it would upload, and leaves nothing behind', async () => {
    const { exitCode, stdout, stderr } = await photos(['sync', '-n', dcim()])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^dry run: would upload 1 \(6 B\), already stored 1, skipped 0, failed 0 in .+\n$/),
    })
    expect(stderr).toBe(`there is no library in ${library()} yet; a run that is not dry makes one\n`)
    expect(await readdir(home)).toEqual(['DCIM'])
  })

  test('a run says that it makes one, the first time', async () => {
    const folder = join(home, 'library')
    const first = await photos(['sync', dcim(), '--library', folder])
    expect(first).toMatchObject({ exitCode: 0, stderr: `made a new library in ${folder}\n` })
    expect(await photos(['sync', dcim(), '--library', folder])).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test.each([['sync', 'DCIM'], ['serve']])('%s: one on a disk that is not mounted is not made', async (...commandLine) => {
    const folder = join(home, 'mnt/disk/library')
    const typed = commandLine.map((word) => (word === 'DCIM' ? dcim() : word))
    const { exitCode, stderr } = await photos([...typed, '--library', folder])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 5,
      stderr: expect.stringContaining(`photos: ${join(home, 'mnt/disk')} does not exist; is its disk mounted?\n`),
    })
    expect(existsSync(join(home, 'mnt'))).toBe(false)
  })
})

test('json: a run that cannot begin ends with an error and a summary', async () => {
  const { exitCode, stdout } = await photos(['pull', '--to', join(home, 'back'), '--json'])
  expect(exitCode).toBe(10)
  const messages = stdout.trimEnd().split('\n')
  expect(messages.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ message_type: 'error', exit_code: 10 }),
    expect.objectContaining({ message_type: 'summary', pulled: 0, exit_code: 10 }),
  ])
})

test.each([
  [['sync'], 'photos sync --help', 'photos sync ~/DCIM'],
  [['pull'], 'photos pull --help', 'photos pull --to ~/back'],
  [['free-up', '.'], 'photos free-up --help', 'photos free-up ~/DCIM --to ~/moved-aside'],
  [['schedule', 'install'], 'photos schedule install --help', 'photos schedule install ~/DCIM'],
])('%j, where a word is missing: its own help and an example are pointed at', async (typed, help, example) => {
  const { exitCode, stderr } = await photos(typed)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(`Type ${help} for what there is; for instance: ${example}\n`)
})

test('--to may be a variable, too', async () => {
  expect(await photos(['pull'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'--to <dir>'") })
  await photos(['sync', dcim()])
  // Of a flag with a value commander reads the variable from the process itself.
  vi.stubEnv('PHOTOS_TO', join(home, 'back'))
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await photos(['pull'])).toMatchObject({ exitCode: 0 })
})

describe('a value that is empty', () => {
  const empty = 'give a folder; it is empty'

  test.each([
    ['sync DCIM --library', ['sync', 'DCIM', '--library', ''], empty],
    ['sync', ['sync', ''], empty],
    ['sync DCIM', ['sync', 'DCIM', ''], empty],
    ['pull --to', ['pull', '--to', ''], empty],
    ['ls --library', ['ls', '--library', ''], empty],
    ['serve --library', ['serve', '--library', ''], empty],
    ['sync DCIM --device', ['sync', 'DCIM', '--device', ''], 'give a name of 1 to 255 characters'],
  ])('%s: is a usage error', async (_typed, commandLine, message) => {
    const typed = commandLine.map((word) => (word === 'DCIM' ? dcim() : word))
    expect(await photos(typed)).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) })
    expect(await readdir(home)).toEqual(['DCIM'])
  })

  test.each([
    ['PHOTOS_LIBRARY', '', ['sync', 'DCIM'], empty],
    ['PHOTOS_TO', '', ['pull'], empty],
    ['PHOTOS_DEVICE', '', ['sync', 'DCIM'], 'give a name of 1 to 255 characters'],
    ['PHOTOS_DEVICE', 'x'.repeat(256), ['sync', 'DCIM'], 'give a name of 1 to 255 characters'],
  ])('%s=%s: is a usage error', async (variable, value, commandLine, message) => {
    vi.stubEnv(variable, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const typed = commandLine.map((word) => (word === 'DCIM' ? dcim() : word))
    expect(await photos(typed)).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) })
    expect(await readdir(home)).toEqual(['DCIM'])
  })
})

test('an interruption is told in a line', async () => {
  const { exitCode, stderr, stdout } = await photos(['sync', dcim(), '--library', join(home, 'library')], {}, interrupted)
  expect({ exitCode, stderr, stdout }).toEqual({
    exitCode: 130,
    stderr: expect.stringMatching(/^(made .+\n)?interrupted: nothing was done; safe to run again\n$/),
    stdout: '',
  })
})

describe('serve', () => {
  test('names an address that is in use', async () => {
    const { port } = await occupiedPort()
    const { exitCode, stderr } = await photos(['serve', '--listen', `127.0.0.1:${port}`])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining(`photos: 127.0.0.1:${port} is in use by another program\n`),
    })
  })

  test('without --listen takes a free port when the usual one is in use', async () => {
    // Where somebody else has it, they may let go of it before it is asked for: then it is ours the next time.
    for (;;) {
      const { isOurs } = await occupiedPort(8420)
      const { stdout } = await photos(['serve'], {}, interrupted)
      if (!isOurs && stdout.includes(':8420\n')) continue
      expect(stdout).toMatch(/ at http:\/\/127\.0\.0\.1:(?!8420)\d+\n/)
      return
    }
  })
})

/** A port that somebody listens on; it may be that somebody else does already. */
async function occupiedPort(port = 0): Promise<{ readonly port: number; readonly isOurs: boolean }> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening').catch(() => {})
  onTestFinished(() => void server.close())
  return { ...z.object({ port: z.int() }).parse(server.address() ?? { port }), isOurs: server.listening }
}

test.each([
  [['help'], 'Commands:'],
  [['help', 'sync'], '--dry-run'],
])('photos %j', async (commandLine, text) => {
  expect(await photos(commandLine)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(text), stderr: '' })
})
