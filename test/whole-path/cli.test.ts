import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeEach, describe, expect, test } from 'vitest'
import { findLastingPort } from './lasting-port.ts'
import {
  type Finished,
  follow,
  messagesOf,
  type PhotosUser,
  photosProgram,
  photosUser,
  type RunningPhotos,
  summaryOf,
} from './photos-process.ts'
import { readTree, writeTree } from './tree.ts'
import { clips, wired } from './wired.ts'

let user: PhotosUser
let folder: string

const jpeg = await sharp({ create: { width: 20, height: 10, channels: 3, background: 'teal' } })
  .jpeg()
  .toBuffer()

beforeEach(async () => {
  user = await photosUser()
  folder = join(user.folder, 'camera')
  await writeTree(folder, { 'DCIM/IMG_1.JPG': jpeg, 'DCIM/copy.JPG': jpeg, 'MVI_2.MP4': 'a clip', 'notes.txt': 'no photo' })
})

const sync = (...flags: readonly string[]) => user.photos('sync', folder, '--library', user.library, ...flags)

/** What a test begins or ends with, not what it is about. */
const syncHere = (...flags: readonly string[]) => user.here('sync', folder, '--library', user.library, ...flags)

async function backUp(): Promise<void> {
  expect(await syncHere()).toMatchObject({ exitCode: 0 })
}

describe('exit codes', () => {
  test('0 with a summary in a line, and again when there is nothing to do', async () => {
    expect(await sync()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^uploaded 2 \(.+\), already stored 1, skipped 1, failed 0 in .+\n$/),
    })
    expect(await syncHere()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^uploaded 0 \(0 B\), already stored 3, skipped 1, failed 0 in .+\n$/),
    })
  })

  test.each([
    [['sync', '--what'], /unknown option '--what'/],
    [['sync'], /missing required argument 'dir'/],
    [['what'], /unknown command 'what'/],
    [['sync', '.', '--transfers', '0'], /whole number from 1 to 64/],
    [['pull'], /required option '--to <dir>'/],
    [['ls', '--since', '2021-13'], /2021-13/],
    [['pull', '--to', '/dev/null/x', '--until', 'yesterday'], /yesterday/],
    [['serve', '--listen', '8420'], /127\.0\.0\.1:8420/],
    [['serve', '--listen', '0.0.0.0:80'], /--tls-cert/],
  ])('2 for %j, which makes nothing', async (commandLine, message) => {
    const finished = await user.here(...commandLine)
    expect(finished).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect(existsSync(join(user.folder, 'data'))).toBe(false)
  })

  test('2 of the process itself, which makes nothing where it is started', async () => {
    const finished = await user.photos('pull', '--to', 'x', '--until', 'yesterday')
    expect(finished).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/yesterday/) })
    expect(existsSync(join(user.folder, 'data'))).toBe(false)
    expect(existsSync(join(user.folder, 'x'))).toBe(false)
  })

  test('4 for a folder that is missing, before a library is made', async () => {
    const finished = await user.here('sync', folder, join(user.folder, 'unmounted'), '--library', user.library)
    expect(finished).toMatchObject({ exitCode: 4, stdout: '' })
    expect(finished.stderr).toBe(
      `photos: cannot find ${join(user.folder, 'unmounted')}\n  is its disk mounted? check the path and run the command again\n`,
    )
    expect(existsSync(user.library)).toBe(false)
  })

  test('5 for a library that cannot be', async () => {
    await writeFile(user.library, 'a file')
    const finished = await syncHere()
    expect(finished).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringMatching(/^photos: .+\n {2}.+\n$/) })
  })

  test('11 while another sync is at work, which goes on', async () => {
    let second: Finished | undefined
    const wire = await wired(clips(2), async (request) => {
      if (request.isUpload) second ??= await wire.user.photos('sync', wire.folder, '--library', wire.user.library, '--json')
      return undefined
    })
    expect(await wire.sync()).toMatchObject({ exitCode: 0 })
    expect(second).toEqual({
      exitCode: 11,
      stdout: expect.stringContaining('"message_type":"summary"'),
      stderr: expect.stringMatching(
        /^photos: another run of photos is at work with this library or remote: photos sync \(process \d+ on .+, since .+\)\n {2}wait/,
      ),
    })
  })
})

describe('stopped by a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s: exit code %i, and the next run completes', async (signal, exitCode) => {
    const running = await startSlowly()
    running.child.kill(signal)
    const finished = await running.finished
    expect(finished).toMatchObject({ exitCode, stderr: expect.stringMatching(/safe to run again/) })
    expect(await syncHere('-q')).toMatchObject({ exitCode: 0, stdout: '' })
  })

  test('in the middle of a file that goes in parts, as fast as they go', async () => {
    await writeFile(join(folder, 'large.MOV'), Buffer.alloc(70 * 2 ** 20, 'large'))
    const running = user.start(['sync', folder, '--library', user.library])
    await running.saying(/sync: \d/, 'stderr')
    running.child.kill('SIGTERM')
    expect(await running.finished).toMatchObject({ exitCode: 143, stderr: expect.stringMatching(/safe to run again/) })
    expect(await syncHere('-q')).toMatchObject({ exitCode: 0, stdout: '' })
  })

  /** A sync of a quarter of a minute, as far as its first line about how far it is: after a second. */
  async function startSlowly(...flags: readonly string[]): Promise<RunningPhotos> {
    await writeFile(join(folder, 'large.MOV'), Buffer.alloc(2 ** 20, 'large'))
    const running = user.start(['sync', folder, '--library', user.library, '--bwlimit', '64k', ...flags])
    await running.saying(/sync: \d/, 'stderr')
    return running
  }

  /** Stopped by SIGTERM; then a hook does what is left to do. */
  async function stoppedWith(onFailure: string) {
    const running = await startSlowly('--on-failure', onFailure)
    running.child.kill('SIGTERM')
    return await running.finished
  }

  test('a second signal of another kind ends it at once', async () => {
    const untilEnded = 'while kill -0 "$PPID" 2> /dev/null; do :; done'
    expect(await stoppedWith(`kill -INT "$PPID"; ${untilEnded}`)).toMatchObject({ exitCode: null })
  })

  test('SIGHUP right behind SIGTERM, as when a session ends, changes nothing', async () => {
    const note = join(user.folder, 'note')
    expect(await stoppedWith(`kill -HUP "$PPID"; echo ended > '${note}'`)).toMatchObject({ exitCode: 143 })
    expect(await readFile(note, 'utf8')).toBe('ended\n')
  })

  test('serve ends when it is asked to', async () => {
    const serving = await serve()
    serving.child.kill('SIGINT')
    expect(await serving.finished).toMatchObject({ exitCode: 130, stderr: expect.stringMatching(/stopping/) })
    expect(await syncHere()).toMatchObject({ exitCode: 0 })
  })
})

async function serve() {
  const listen = `127.0.0.1:${await findLastingPort()}`
  const serving = user.start(['serve', '--library', user.library, '--listen', listen])
  const [, url] = await serving.saying(/^serving .+ at (http:\/\/127\.0\.0\.1:\d+)\n/)
  expect(url).toBe(`http://${listen}`)
  return serving
}

describe('what scripts read', () => {
  test('--json writes JSON lines and nothing else, and a summary last', async () => {
    await writeFile(join(folder, 'gone.JPG'), jpeg)
    const finished = await sync('--json')
    expect(finished).toMatchObject({ exitCode: 0, stderr: '' })
    const types = new Set(messagesOf(finished).map(({ message_type }) => message_type))
    expect([...types].filter((type) => !['status', 'file', 'error', 'summary'].includes(type))).toEqual([])
    expect(messagesOf(finished).at(-1)).toEqual({
      message_type: 'summary',
      uploaded: 2,
      already_stored: 2,
      would_upload: 0,
      skipped: 1,
      failed: 0,
      bytes_uploaded: jpeg.length + 'a clip'.length,
      bytes_would_upload: 0,
      duration_seconds: expect.any(Number),
      exit_code: 0,
    })
    const pulled = await user.here('pull', '--to', join(user.folder, 'back'), '--library', user.library, '--json')
    expect(pulled).toMatchObject({ exitCode: 0, stderr: '' })
    expect(messagesOf(pulled).at(-1)).toMatchObject({ message_type: 'summary', pulled: 4, unchanged: 0, failed: 0, exit_code: 0 })
  })

  test('--quiet says nothing', async () => {
    expect(await sync('--quiet')).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await user.here('pull', '--to', join(user.folder, 'back'), '--library', user.library, '-q')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    })
  })

  test('without --library, one line says where the photos go', async () => {
    const { exitCode, stderr } = await user.here('sync', folder)
    expect(exitCode).toBe(0)
    expect(stderr.split('\n')[0]).toBe(
      `no remote configured: the photos are kept on this machine, in ${join(user.folder, 'data/photos/library')}`,
    )
  })

  test('--dry-run stores nothing and counts what it would', async () => {
    await backUp()
    await writeTree(folder, { 'new.JPG': Buffer.concat([jpeg, Buffer.from('new')]) })
    const before = await readTree(user.library)
    const source = await readTree(folder)
    const finished = await syncHere('--dry-run', '--json')
    expect(summaryOf(finished)).toMatchObject({ uploaded: 0, would_upload: 1, already_stored: 3, exit_code: 0 })
    const visible = (tree: typeof before) => [...tree].filter(([path]) => !path.startsWith('.photos/'))
    expect(visible(await readTree(user.library))).toEqual(visible(before))
    expect(await readTree(folder)).toEqual(source)
    const nowhere = join(user.folder, 'nowhere')
    const pulled = await user.here('pull', '--to', nowhere, '--library', user.library, '-n', '--json')
    expect(pulled).toMatchObject({ exitCode: 0 })
    expect(existsSync(nowhere)).toBe(false)
  })

  test('`photos … | head -1` ends without a word, and well', async () => {
    await backUp()
    for (const line of ['ls', 'ls --json', 'sync camera --json']) {
      const { stdout, stderr } = await inShell(`${typed(line)} | head -1; echo "exit \${PIPESTATUS[0]}" >&2`)
      expect([line, stdout.split('\n').length, stderr]).toEqual([line, 2, 'exit 0\n'])
    }
  })

  test('a reader of stderr that has gone away does not end a backup', async () => {
    const { stdout } = await inShell(`{ ${typed('sync camera -v')} 2>&3; echo "exit $?"; } 3> >(exec true)`)
    expect(stdout).toMatch(/^uploaded 2 .+\nexit 0\n$/)
  })

  test.skipIf(!existsSync('/dev/full'))('`photos … > /dev/full` ends with a line, not a stack trace', async () => {
    await backUp()
    for (const line of ['ls', 'ls --json', 'sync camera', 'sync camera --json']) {
      const { exitCode, stderr } = await inShell(`${typed(line)} > /dev/full`)
      // A slow machine tells how far the run is.
      expect({ line, exitCode, stderr: stderr.replaceAll(/^sync: \d.*\n/gm, '') }).toEqual({
        line,
        exitCode: 1,
        stderr: 'photos: standard output cannot be written: no space left on device\n',
      })
    }
  })
})

/** A command line as a shell reads it. */
const typed = (line: string): string => `"${process.execPath}" "${photosProgram}" ${line} --library library`

function inShell(script: string): Promise<Finished> {
  return follow(spawn('bash', ['-c', script], { cwd: user.folder, env: { ...process.env, ...stateOf(user) } })).finished
}

function stateOf({ folder: home }: PhotosUser): Record<string, string> {
  return { HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_DATA_HOME: join(home, 'data') }
}

describe('what people see', () => {
  const hostile = '\u001b[2Jevil\u202egpj.JPG'

  test('names cannot command the terminal', async () => {
    await mkdir(join(folder, 'DCIM'), { recursive: true })
    await writeFile(join(folder, 'DCIM', hostile), Buffer.concat([jpeg, Buffer.from('hostile')]))
    const { stderr } = await syncHere('-v')
    expect(stderr).toContain('\\x1b[2Jevil\\u202egpj.JPG')
    const { stdout } = await user.here('ls', '--library', user.library)
    expect(stdout).toContain('\\x1b[2Jevil\\u202egpj.JPG')
    for (const command of ['\u001b', '\u202e']) expect(stderr + stdout).not.toContain(command)
    await requireRoundTrip()
  })

  test.skipIf(!existsSync('/usr/bin/script'))('a bar on a terminal, which is gone when the run has ended', async () => {
    const environment = { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...stateOf(user) }
    const pty = follow(
      spawn('script', ['-qec', typed('sync camera'), '/dev/null'], { cwd: user.folder, env: environment, stdio: 'pipe' }),
    )
    const { exitCode, stdout } = await pty.finished
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/[#-]{20} {1,2}\d+%/)
    // The last thing that happens to the bar is that its line is erased (EL 2); the summary stands alone.
    expect(stdout.split('\u001b[2K').at(-1)).toMatch(/^uploaded 2 \([^\n]+\r\n$/)
  })
})

async function requireRoundTrip(): Promise<void> {
  const tree = await readTree(folder)
  const back = join(user.folder, 'back')
  expect(await user.here('pull', '--to', back, '--library', user.library)).toMatchObject({ exitCode: 0 })
  expect(await readTree(join(back, 'camera'))).toEqual(new Map([...tree].filter(([path]) => path !== 'notes.txt')))
}
