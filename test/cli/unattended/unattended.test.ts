import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import { run } from '../../../cli/program.ts'
import type { Clock } from '../../../cli/remote/retry.ts'
import { runHook } from '../../../cli/unattended/run-hook.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bodyOf, listen } from '../remote/scripted-server.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

let home: string
let dcim: string

beforeEach(async () => {
  home = await temporaryFolder()
  dcim = join(home, 'DCIM of mine')
  await mkdir(dcim)
  await writeFile(join(dcim, 'clip.mp4'), 'a clip')
})

interface SyncOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly folder?: string
  readonly clock?: Partial<Clock>
}

async function sync(words: readonly string[], { environment = {}, signal, folder = dcim, clock = {} }: SyncOptions = {}) {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const exitCode = await run(['sync', folder, '--library', join(home, 'library'), ...words], {
    stdin: Readable.from([]),
    stdout,
    stderr,
    environment: { PATH: process.env['PATH'], HOME: home, ...environment },
    now: () => new Date('2026-11-23T03:00:00Z'),
    signal: signal ?? new AbortController().signal,
    clock,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

interface Asked {
  readonly url: string | undefined
  readonly body: string
}

/** A monitor, and what it was told. */
async function monitor(status = 200): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = []
  const url = await listen(async (request, response) => {
    asked.push({ url: request.url, body: String(await bodyOf(request)) })
    response.writeHead(status).end()
  })
  return { url: `${url}/the-secret`, asked }
}

const missing = () => join(home, 'not-there')
const interrupted = AbortSignal.abort(new Interruption('SIGTERM'))

describe('a monitor is told', () => {
  test('of the start, and of what was done, without a name', async () => {
    const { url, asked } = await monitor()
    expect(await sync(['--ping-url', url])).toMatchObject({ exitCode: 0 })
    expect(asked).toEqual([
      { url: '/the-secret/start', body: '' },
      {
        url: '/the-secret',
        body: expect.stringMatching(/^uploaded 1 \(6 B\), already stored 0, skipped 0, failed 0 in \S+ s; exit code 0\n$/),
      },
    ])
    expect(JSON.stringify(asked)).not.toMatch(/DCIM|clip|photos-test/)
  })

  test('of the exit code of a run that could not begin', async () => {
    const { url, asked } = await monitor()
    expect(await sync(['--ping-url', url], { folder: missing() })).toMatchObject({ exitCode: 4 })
    expect(asked.at(-1)).toEqual({ url: '/the-secret/4', body: expect.stringMatching(/ failed 0 in \S+ s; exit code 4\n$/) })
    expect(JSON.stringify(asked)).not.toContain('not-there')
  })

  test('that a run was interrupted', async () => {
    const { url, asked } = await monitor()
    expect(await sync(['--ping-url', url], { signal: interrupted })).toMatchObject({ exitCode: 143 })
    expect(asked.map((one) => one.url)).toEqual(['/the-secret/143'])
  })

  test('nothing of a dry run', async () => {
    const { url, asked } = await monitor()
    expect(await sync(['-n', '--ping-url', url, '--on-success', `touch '${home}/ran'`])).toMatchObject({ exitCode: 0 })
    expect(asked).toEqual([])
    await expect(readFile(join(home, 'ran'))).rejects.toThrow('ENOENT')
  })
})

test('a monitor that is away is a note, and its address is nowhere', async () => {
  const { url } = await monitor(500)
  const log = join(home, 'photos.log')
  const { exitCode, stdout, stderr } = await sync(['--quiet', '--ping-url', url, '--log-file', log], {
    clock: { random: () => 0 },
  })
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'the ping of the start was in vain: the answer was 500\nthe ping of the end was in vain: the answer was 500\n',
  })
  expect(await readFile(log, 'utf8')).toMatch(/the ping of the end was in vain: the answer was 500\n/)
  expect(await readFile(log, 'utf8')).not.toContain('the-secret')
})

test('an address that is none is a usage error that does not repeat it', async () => {
  const { exitCode, stderr } = await sync(['--ping-url', 'htps://hc-ping.com/the-secret'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('--ping-url is no web address') })
  expect(stderr).not.toContain('the-secret')
})

test('json: a source that is missing ends with an error and a summary', async () => {
  const { exitCode, stdout } = await sync(['--json'], { folder: missing() })
  const messages = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(exitCode).toBe(4)
  expect(messages).toEqual([
    expect.objectContaining({ message_type: 'error', exit_code: 4 }),
    expect.objectContaining({ message_type: 'summary', uploaded: 0, exit_code: 4 }),
  ])
})

describe('the command', () => {
  const ran = () => readFile(join(home, 'ran'), 'utf8')
  const hook = () => `echo "$PHOTOS_EXIT_CODE|$PHOTOS_UPLOADED|$PHOTOS_FAILED|$PHOTOS_SUMMARY|$PHOTOS_PING_URL" > '${home}/ran'`

  test('for success has the counts in its environment, and no secret', async () => {
    const environment = { PHOTOS_PING_URL: 'the-secret' }
    expect(await sync(['--on-success', hook(), '--on-failure', 'false'], { environment })).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^made .+\n$/),
    })
    expect(await ran()).toMatch(/^0\|1\|0\|uploaded 1 .+; exit code 0\|\n$/)
  })

  test('for failure has the exit code', async () => {
    const { exitCode } = await sync(['--on-failure', hook(), '--on-success', 'false'], { folder: missing() })
    expect(exitCode).toBe(4)
    expect(await ran()).toMatch(/^4\|0\|0\|uploaded 0 .+; exit code 4\|\n$/)
  })

  test('runs after an interruption, too', async () => {
    expect(await sync(['--on-failure', hook()], { signal: interrupted })).toMatchObject({ exitCode: 143 })
    expect(await ran()).toMatch(/^143\|/)
  })

  test.each([
    ['exit 7', 'its exit code was 7'],
    ['kill -TERM $$', 'it was ended by SIGTERM'],
  ])('%s: its failure is a note', async (command, reason) => {
    const { exitCode, stderr } = await sync(['--on-success', command])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining(`the command of --on-success failed: ${reason}\n`),
    })
  })

  test.each([
    ['it takes too long', new DOMException('', 'TimeoutError'), 'it took too long and was told to end'],
    ['the run is stopped', undefined, 'it was still at work when the run was stopped, and was told to end'],
  ])('is ended, with what it started, when %s', async (_when, reason, told) => {
    const stopping = new AbortController()
    const pipe = join(home, 'pipe')
    execFileSync('mkfifo', [pipe])
    // All that it starts has the pipe open, so that it ends with the last of them.
    const command = `exec 3> '${pipe}'; (sleep 300 & wait) & echo begun >&3; wait`
    const failure = runHook(command, { environment: process.env, signal: stopping.signal })
    for await (const _begun of createReadStream(pipe)) stopping.abort(reason)
    expect(await failure).toBe(told)
  })
})

describe('a stop is heard', () => {
  /** A clock whose waits are over at once. */
  const hurried: Partial<Clock> = { delay: async () => {} }

  test.each([
    ['the start', '/start'],
    ['the end', 'the-secret'],
  ])('while the monitor does not answer the ping of %s', async (_moment, silentAt) => {
    const stopping = new AbortController()
    const asked: (string | undefined)[] = []
    const url = await listen((request, response) => {
      asked.push(request.url)
      if (request.url?.endsWith(silentAt)) stopping.abort(new Interruption('SIGTERM'))
      else response.end()
    })
    // What is told of a stop gets its two seconds; what does not answer has them over at once.
    const options = { signal: stopping.signal, clock: silentAt === '/start' ? {} : hurried }
    expect(await sync(['--ping-url', `${url}/the-secret`], options)).toMatchObject({ exitCode: 143 })
    expect(asked).toEqual(['/the-secret/start', silentAt === '/start' ? '/the-secret/143' : '/the-secret'])
  })

  test('while a command runs that does not listen', async () => {
    const stopping = new AbortController()
    const pipe = join(home, 'pipe')
    execFileSync('mkfifo', [pipe])
    const command = `trap '' TERM; exec 3> '${pipe}'; echo $$ >&3; exec 3>&-; sleep 300`
    const run = sync(['--on-success', command], { signal: stopping.signal, clock: hurried })
    for await (const pid of createReadStream(pipe)) {
      onTestFinished(() => void process.kill(-Number(pid), 'SIGKILL'))
      stopping.abort(new Interruption('SIGTERM'))
    }
    expect(await run).toMatchObject({
      exitCode: 143,
      stderr: expect.stringContaining(
        'the command of --on-success failed: it was still at work when the run was stopped, and was told to end\n',
      ),
    })
  })
})

test.each(['--on-success', '--on-failure'])('a command of %s that is empty is a usage error', async (flag) => {
  expect(await sync([flag, ' '])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('give a command; it is empty'),
  })
})

describe('the log file', () => {
  const log = () => join(home, 'photos.log')
  const linesOf = async () =>
    (await readFile(log(), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(26))

  test('has what the run said, also with --quiet', async () => {
    expect(await sync(['--quiet', '--log-file', log()])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await linesOf()).toEqual([
      `begins: photos sync '${dcim}'`,
      `made a new library in ${join(home, 'library')}`,
      expect.stringMatching(/^uploaded 1 /),
      'ended with exit code 0',
    ])
  })

  test('has why a run could not begin', async () => {
    expect(await sync(['--log-file', log()], { folder: missing() })).toMatchObject({ exitCode: 4 })
    expect(await linesOf()).toEqual([
      `begins: photos sync ${missing()}`,
      `photos: cannot find ${missing()}`,
      expect.stringMatching(/^ {2}is its disk mounted/),
      'ended with exit code 4',
    ])
  })

  test('has an interruption', async () => {
    await sync(['--log-file', log()], { signal: interrupted })
    expect(await linesOf()).toContain('interrupted: nothing was done; safe to run again')
  })

  test('is put aside when it is large', async () => {
    await writeFile(log(), 'x'.repeat(2000))
    await sync(['--log-file', log(), '--log-max-size', '1K'])
    expect(await readFile(`${log()}.1`, 'utf8')).toHaveLength(2000)
  })

  test.each(['off', '0'])('is never put aside with a limit of %s', async (limit) => {
    await writeFile(log(), `${'x'.repeat(2000)}\n`)
    await sync(['--log-file', log(), '--log-max-size', limit])
    expect(await linesOf()).toContain('ended with exit code 0')
    expect(await readFile(log(), 'utf8')).toMatch(/^x{2000}\n/)
  })

  test('that cannot be written is a note', async () => {
    await rm(home, { recursive: true })
    await mkdir(dcim, { recursive: true })
    const { exitCode, stderr } = await sync(['--quiet', '--log-file', join(home, 'no-folder', 'photos.log')])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `the log file ${join(home, 'no-folder', 'photos.log')} cannot be written: its folder is not there\n`,
    })
  })

  test('is never in a source', async () => {
    const { exitCode, stderr } = await sync(['--log-file', join(dcim, 'photos.log')])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('which is only read') })
  })

  test.each(['photos.log', 'not-there/photos.log'])('is never in a source through a link to %s', async (target) => {
    await symlink(join(dcim, target), log())
    const { exitCode, stderr } = await sync(['--log-file', log()])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('which is only read') })
    expect(await readdir(dcim)).toEqual(['clip.mp4'])
  })

  test('has a name', async () => {
    expect(await sync(['--log-file', ''])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('give a file; it is empty'),
    })
  })

  test('does not change what --json writes', async () => {
    const { stdout } = await sync(['--json', '--log-file', log()])
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(messages.at(-1)).toMatchObject({ message_type: 'summary', uploaded: 1, exit_code: 0 })
    expect(await linesOf()).toContainEqual(expect.stringMatching(/^uploaded 1 /))
  })
})
