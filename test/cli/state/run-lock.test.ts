import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../../cli/remote/retry.ts'
import { describeSelf, type LockHolder } from '../../../cli/state/lock-holder.ts'
import { acquireRunLock, type Repeat, type RunLock, type RunLockOptions } from '../../../cli/state/run-lock.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** A clock that moves only while somebody waits. Whoever waits hears of it first. */
function waitingClock(
  onWait: (elapsedMs: number) => Promise<void> | void = () => {},
): Clock & { readonly waitedMs: () => number } {
  let elapsedMs = 0
  const delay: Clock['delay'] = async (milliseconds, signal) => {
    signal?.throwIfAborted()
    elapsedMs += milliseconds
    await onWait(elapsedMs)
  }
  return { now: () => Date.UTC(2026, 10, 23, 2, 14), elapsed: () => elapsedMs, random: () => 1, delay, waitedMs: () => elapsedMs }
}

/** Beats when the test says so. */
function beatingByHand(): { readonly repeat: Repeat; readonly beat: () => void } {
  let work = (): void => {}
  return {
    repeat: (given) => {
      work = given
      return () => {}
    },
    beat: () => work(),
  }
}

interface LockInTest {
  readonly path: string
  readonly told: string[]
  acquire(options?: Partial<RunLockOptions>): Promise<RunLock>
  /** Leaves the lock of a run that has ended without letting go of it; it differs from this process in what is given. */
  leave(difference: Partial<LockHolder>): Promise<void>
}

async function lockInTest(): Promise<LockInTest> {
  const folder = await temporaryFolder()
  const path = join(folder, 'remote.owner-run')
  const told: string[] = []
  const acquire: LockInTest['acquire'] = (options = {}) =>
    acquireRunLock(path, { command: 'sync', clock: waitingClock(), tell: (message) => void told.push(message), ...options })
  return {
    path,
    told,
    acquire,
    async leave(difference) {
      const holder = { ...(await describeSelf('sync', new Date(Date.UTC(2026, 10, 23)))), ...difference }
      await writeFile(`${path}-held-7`, JSON.stringify(holder))
    },
  }
}

test('is held by one run, which others are told of, and free once that has let go of it', async () => {
  const { acquire, path, told } = await lockInTest()
  const first = await acquire({ command: 'watch' })
  await expect(acquire()).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 11,
    // By the clock of whatever zone this runs in: some are off by half an hour, or a quarter.
    message: expect.stringMatching(
      new RegExp(`: photos watch \\(process ${process.pid} on .+, since 2026-11-2\\d \\d\\d:\\d\\d\\)$`),
    ),
    hint: expect.stringContaining('--retry-lock'),
  })
  await first.release()
  await (await acquire()).release()
  expect(told).toEqual([])
  expect(await readdir(join(path, '..'))).toHaveLength(1)
})

test('of a process that is gone is taken over at once, with a note', async () => {
  const { acquire, leave, told } = await lockInTest()
  await leave({ pid: await pidOfTheDead() })
  const clock = waitingClock()
  await (await acquire({ clock })).release()
  expect(told).toEqual([expect.stringMatching(/^photos sync \(process \d+ on .+\) has died; its lock is taken over$/)])
  expect(clock.waitedMs()).toBe(0)
})

test.runIf(process.platform === 'linux')(
  'of a process that has ended, but has its number still, is taken over at once',
  async () => {
    const { acquire, leave } = await lockInTest()
    await leave(await findZombie())
    const clock = waitingClock()
    await (await acquire({ clock })).release()
    expect(clock.waitedMs()).toBe(0)
  },
)

test.each([
  ['before the machine was started anew', { bootId: '00000000-0000-0000-0000-000000000000' }],
  ['by a process whose number another one has now', { processStart: '1' }],
])('that was left %s is taken over at once', async (_when, difference) => {
  const { acquire, leave } = await lockInTest()
  await leave(difference)
  const clock = waitingClock()
  await (await acquire({ clock })).release()
  expect(clock.waitedMs()).toBe(0)
})

test.each([
  ['another machine', { host: 'nas' }],
  ['another container, where a process has the same number', { pidNamespace: 'pid:[4026532999]', processStart: '1' }],
  ['a system that does not say when a process began', { processStart: null }],
])('of %s is taken over when its heart has stood still for two minutes', async (_where, difference) => {
  const { acquire, leave, told } = await lockInTest()
  await leave(difference)
  const clock = waitingClock()
  await (await acquire({ clock })).release()
  expect(clock.waitedMs()).toBe(120_000)
  expect(told).toEqual([expect.stringContaining('looking whether photos sync'), expect.stringContaining('has died')])
})

test('of another machine is left alone while its heart beats, whatever its clock says', async () => {
  const { acquire, path, leave } = await lockInTest()
  const { repeat, beat } = beatingByHand()
  const holder = await acquire({ repeat })
  const [name = ''] = await readdir(join(path, '..'))
  const text = JSON.parse(await readFile(join(path, '..', name), 'utf8'))
  await writeFile(join(path, '..', name), JSON.stringify({ ...text, host: 'nas', startedAt: '1999-01-01T00:00:00.000Z' }))
  const clock = waitingClock(async (elapsedMs) => {
    if (elapsedMs !== 115_000) return
    const modified = async (): Promise<number> => (await stat(join(path, '..', name))).mtimeMs
    const before = await modified()
    beat()
    while ((await modified()) === before) await setImmediate()
  })
  await expect(acquire({ clock })).rejects.toMatchObject({ exitCode: 11, message: expect.stringContaining('on nas') })
  expect(holder.lost.aborted).toBe(false)
  await holder.release()
  await leave({ host: 'never looked at: its number is lower than that of what is free' })
  await writeFile(`${path}-free-8`, '')
  await (await acquire({ clock: waitingClock() })).release()
})

test('of another machine is waited for for as long as is asked, and that is told once', async () => {
  const { acquire, path, leave, told } = await lockInTest()
  await leave({ host: 'nas' })
  const clock = waitingClock((elapsedMs) => utimes(`${path}-held-7`, 0, elapsedMs))
  await expect(acquire({ clock, waitMs: 3_600_000 })).rejects.toMatchObject({ exitCode: 11 })
  expect(told).toEqual([
    expect.stringContaining('looking whether photos sync'),
    expect.stringContaining('waiting for photos sync'),
  ])
})

test('that says nothing, as of a full disk, is taken over by its heart, too', async () => {
  const { acquire, path, told } = await lockInTest()
  await writeFile(`${path}-held-3`, '')
  await (await acquire()).release()
  expect(told).toEqual([expect.stringContaining('another run of photos'), expect.stringContaining('has died')])
})

test.each(['free-7', 'draft-7'])('a folder called as its file %s is swept away, and holds up nobody', async (name) => {
  const { acquire, path } = await lockInTest()
  await mkdir(join(`${path}-${name}`, 'inside'), { recursive: true })
  await (await acquire()).release()
  expect(await readdir(dirname(path))).toEqual([expect.stringMatching(/-free-\d+$/)])
})

test.each(['999999999999999', '9007199254740993', '9'.repeat(40)])('is seen after any number: %s', async (number) => {
  const { acquire, path } = await lockInTest()
  await writeFile(`${path}-free-${number}`, '')
  const lock = await acquire()
  await expect(acquire()).rejects.toMatchObject({ exitCode: 11 })
  await lock.release()
  await (await acquire()).release()
})

test('who slept while another run took the lock hears of it, and takes nothing away from that run', async () => {
  const { acquire, path } = await lockInTest()
  const { repeat, beat } = beatingByHand()
  const sleeper = await acquire({ repeat })
  const [name = ''] = await readdir(join(path, '..'))
  const text = JSON.parse(await readFile(join(path, '..', name), 'utf8'))
  await writeFile(join(path, '..', name), JSON.stringify({ ...text, host: 'laptop-that-sleeps' }))
  const other = await acquire()
  beat()
  await once(sleeper.lost, 'abort')
  expect(sleeper.lost.reason).toMatchObject({ name: 'UserError', exitCode: 11 })
  await sleeper.release()
  await expect(acquire()).rejects.toMatchObject({ exitCode: 11 })
  await other.release()
})

test('that is deleted with its folder is put back by the next beat: nobody else has it', async () => {
  const { acquire, path } = await lockInTest()
  const { repeat, beat } = beatingByHand()
  const first = await acquire({ repeat })
  await rm(dirname(path), { recursive: true })
  beat()
  while (!existsSync(`${path}-held-1`)) await setImmediate()
  expect(first.lost.aborted).toBe(false)
  await expect(acquire()).rejects.toMatchObject({ exitCode: 11, message: expect.stringContaining(`process ${process.pid} `) })
  await first.release()
  await (await acquire()).release()
})

test('that was deleted, and that another run has taken since, is that run’s', async () => {
  const { acquire, path } = await lockInTest()
  const { repeat, beat } = beatingByHand()
  const first = await acquire({ repeat })
  await rm(dirname(path), { recursive: true })
  const other = await acquire()
  beat()
  await once(first.lost, 'abort')
  await first.release()
  await expect(acquire()).rejects.toMatchObject({ exitCode: 11 })
  await other.release()
})

test('is waited for also when its folder is deleted meanwhile', async () => {
  const { acquire, path, leave } = await lockInTest()
  await leave({ host: 'nas' })
  const clock = waitingClock(async (elapsedMs) => {
    if (elapsedMs === 20_000) await rm(dirname(path), { recursive: true })
  })
  await (await acquire({ waitMs: 30_000, clock })).release()
  expect(clock.waitedMs()).toBeLessThan(30_000)
})

test('that is let go of just before its heart is looked at is taken at once', async () => {
  const { path, acquire, leave } = await lockInTest()
  await leave({ host: 'nas' })
  const clock = waitingClock()
  await (await acquire({ clock, tell: () => rmSync(`${path}-held-7`, { force: true }) })).release()
  expect(clock.waitedMs()).toBe(0)
})

test('that is let go of while its heart is looked at is taken then', async () => {
  const { path, acquire, leave } = await lockInTest()
  await leave({ host: 'nas' })
  const clock = waitingClock(() => rm(`${path}-held-7`, { force: true }))
  await (await acquire({ clock })).release()
  expect(clock.waitedMs()).toBe(5000)
})

test('is waited for as long as is asked, and then not any more', async () => {
  const { acquire, told } = await lockInTest()
  const first = await acquire({ command: 'watch' })
  await expect(acquire({ waitMs: 30_000 })).rejects.toMatchObject({ exitCode: 11 })
  const clock = waitingClock(async (elapsedMs) => {
    if (elapsedMs === 20_000) await first.release()
  })
  await (await acquire({ waitMs: 30_000, clock })).release()
  expect(told).toHaveLength(2)
  expect(told[0]).toMatch(/^waiting for photos watch \(process \d+ on .+\) to end$/)
})

test('waiting for it ends when the run is stopped', async () => {
  const { acquire } = await lockInTest()
  const first = await acquire()
  const stopping = new AbortController()
  const clock = waitingClock(() => stopping.abort(new Error('stopped')))
  await expect(acquire({ waitMs: 1e9, clock, signal: stopping.signal })).rejects.toThrow('stopped')
  await first.release()
})

test('of twelve processes at once one gets it, also where all find the lock of a dead one; killed, the next one does', async () => {
  const { path, leave } = await lockInTest()
  await leave({ pid: await pidOfTheDead() })
  const program = await bundle(path)
  const contenders = Array.from({ length: 12 }, () => contend(program, path))
  await Promise.all(contenders.map(({ ready }) => ready))
  const answers = await Promise.all(contenders.map(({ go }) => go()))
  expect(answers.toSorted()).toEqual(['held', ...Array.from({ length: 11 }, () => 'locked')])

  const holder = contenders[answers.indexOf('held')]?.child
  holder?.kill('SIGKILL')
  if (holder) await once(holder, 'exit')
  const next = contend(program, path)
  await next.ready
  expect(await next.go()).toBe('held')
})

interface Contender {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
  go(): Promise<unknown>
}

function contend(program: string, path: string): Contender {
  const child = fork(program, [path])
  onTestFinished(() => void child.kill('SIGKILL'))
  const go = async (): Promise<unknown> => {
    child.send('go')
    return (await once(child, 'message'))[0]
  }
  return { child, ready: once(child, 'message'), go }
}

async function bundle(path: string): Promise<string> {
  const outfile = join(dirname(path), 'hold-run-lock.mjs')
  const entry = join(import.meta.dirname, 'hold-run-lock.ts')
  await build({ entryPoints: [entry], bundle: true, outfile, format: 'esm', platform: 'node', target: 'node20' })
  return outfile
}

/** The number of a process that has ended just now. */
async function pidOfTheDead(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? 0
}

/** A process that has ended, and whose parent, which is another program by then, does not ask after it. */
/** Its parent is a program by then that looks after no child; the shell before might. */
async function findZombie(): Promise<Pick<LockHolder, 'pid' | 'processStart'>> {
  const parent = spawn('sh', ['-c', 'exec 3<&0; cat <&3 & echo $!; exec sleep 600'])
  onTestFinished(() => void parent.kill())
  const pid = Number(String((await once(parent.stdout, 'data'))[0]))
  while ((await statOf(parent.pid)).name !== 'sleep');
  parent.stdin.end()
  for (;;) {
    const { state, start } = await statOf(pid)
    if (state === 'Z') return { pid, processStart: start }
  }
}

async function statOf(pid: number | undefined) {
  const [, name = '', state = '', rest = ''] = /^\d+ \((.*)\) (.) (.*)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? []
  return { name, state, start: rest.split(' ')[18] ?? '' }
}
