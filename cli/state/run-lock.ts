import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import { type LockFile, type LockFiles, openLockFiles } from './lock-files.ts'
import { describeSelf, findHolderState, type LockHolder, showHolder } from './lock-holder.ts'

/** Calls `work` so often until what it has returned is called. Does not keep the process alive. */
export type Repeat = (work: () => void, everyMs: number) => () => void

export interface RunLockOptions {
  /** What this run is, such as `sync`. */
  readonly command: string
  readonly clock: Clock
  /** So long a lock that somebody else holds is waited for. */
  readonly waitMs?: number | undefined
  /** Hears at once what the user should know. */
  readonly tell: (message: string) => void
  readonly signal?: AbortSignal | undefined
  readonly repeat?: Repeat | undefined
}

export interface RunLock {
  /** Whether it took a while to get it: what was seen before may be different now. */
  readonly hasWaited: boolean
  /** Aborted, with a `UserError`, when somebody else has the lock now: this machine has slept, and nobody could know that it lives. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

const heartbeatMs = 15_000
/** A lock whose holder was not seen for so long is nobody's. As observed by who wants it: no two machines' clocks are compared. */
const staleAfterMs = 120_000
const lookEveryMs = 5000
const retryEveryMs = 1000

/**
 * A lock on files that holds among the processes of a machine, its containers, and all machines that share a folder. It is
 * taken from a holder that has died, or that gives no sign of life for two minutes. Throws a `UserError` with exit code 11
 * while somebody holds it.
 *
 * @param path what the names of its files begin with
 */
export async function acquireRunLock(path: string, options: RunLockOptions): Promise<RunLock> {
  const files = openLockFiles(path)
  const self = await describeSelf(options.command, new Date(options.clock.now()))
  let hasWaited = false
  const delay: Clock['delay'] = async (milliseconds, signal) => {
    hasWaited = true
    await options.clock.delay(milliseconds, signal)
  }
  const file = await acquire(files, self, { ...options, clock: { ...options.clock, delay } })
  return { ...hold(files, file, self, options), hasWaited }
}

async function acquire(files: LockFiles, self: LockHolder, options: RunLockOptions): Promise<LockFile> {
  const { clock, waitMs = 0, signal } = options
  const givesUpAt = clock.elapsed() + waitMs
  const tell = onceEach(options.tell)
  for (;;) {
    signal?.throwIfAborted()
    const attempt = await tryToTake(files, self, { ...options, tell })
    if (attempt.kind === 'taken') return attempt.file
    if (attempt.kind === 'raced') continue
    if (clock.elapsed() >= givesUpAt) throw heldBy(attempt.holder)
    tell(`waiting for ${attempt.holder ? showHolder(attempt.holder) : 'another run of photos'} to end`)
    await clock.delay(Math.min(retryEveryMs, givesUpAt - clock.elapsed()), signal)
  }
}

/** Who waits for an hour looks hundreds of times. */
function onceEach(tell: RunLockOptions['tell']): RunLockOptions['tell'] {
  const told = new Set<string>()
  return (message) => {
    if (!told.has(message)) tell(message)
    told.add(message)
  }
}

type Attempt =
  | { readonly kind: 'taken'; readonly file: LockFile }
  | { readonly kind: 'held'; readonly holder: LockHolder | undefined }
  | { readonly kind: 'raced' }

async function tryToTake(files: LockFiles, self: LockHolder, options: RunLockOptions): Promise<Attempt> {
  const seen = await files.list()
  const [highest] = seen
  const holder = highest?.kind === 'held' ? await files.readHolder(highest) : undefined
  if (highest?.kind === 'held' && (await isAlive(files, highest, holder, self, options))) {
    // It may have been let go of while it was looked at.
    return (await isListed(files, highest)) ? { kind: 'held', holder } : { kind: 'raced' }
  }
  const file = await files.take((highest?.number ?? 0n) + 1n, self)
  if (file === undefined) return { kind: 'raced' }
  const known = new Set([...seen.map(({ name }) => name), file.name])
  if ((await files.list()).some(({ name }) => !known.has(name))) {
    // Somebody was at it at the same time, by what they saw before.
    await files.remove(file)
    return { kind: 'raced' }
  }
  await files.removeOlder(file)
  if (highest?.kind === 'held') options.tell(`${holder ? showHolder(holder) : 'another run'} has died; its lock is taken over`)
  return { kind: 'taken', file }
}

async function isAlive(
  files: LockFiles,
  file: LockFile,
  holder: LockHolder | undefined,
  self: LockHolder,
  options: RunLockOptions,
): Promise<boolean> {
  const state = holder === undefined ? 'unknown' : await findHolderState(holder, self)
  return state === 'unknown' ? await givesSignOfLife(files, file, holder, options) : state === 'alive'
}

/** Watches the heartbeat until it changes, or has stood still for too long. What is let go of meanwhile gives one, too. */
async function givesSignOfLife(
  files: LockFiles,
  file: LockFile,
  holder: LockHolder | undefined,
  { clock, tell, signal }: RunLockOptions,
): Promise<boolean> {
  tell(`looking whether ${holder ? showHolder(holder) : 'another run of photos'} is still at work; that takes up to two minutes`)
  const before = await files.readBeat(file)
  if (before === undefined && !(await isListed(files, file))) return true
  const until = clock.elapsed() + staleAfterMs
  while (clock.elapsed() < until) {
    await clock.delay(lookEveryMs, signal)
    if ((await files.readBeat(file)) !== before) return true
  }
  return false
}

async function isListed(files: LockFiles, { name }: LockFile): Promise<boolean> {
  return (await files.list()).some((file) => file.name === name)
}

function hold(
  files: LockFiles,
  file: LockFile,
  self: LockHolder,
  { repeat = repeatUnseen }: RunLockOptions,
): Omit<RunLock, 'hasWaited'> {
  const losing = new AbortController()
  let beating: Promise<void> = Promise.resolve()
  const beat = async (): Promise<void> => {
    // What the disk answers otherwise says nothing about who holds it.
    const isHeld = await keep(files, file, self).catch(() => true)
    if (!isHeld) losing.abort(lost())
  }
  const stop = repeat(() => {
    beating = beating.then(beat)
  }, heartbeatMs)
  return {
    lost: losing.signal,
    async release() {
      stop()
      await beating // which might put back what was let go of
      if (await isOurs(files, file, self)) await files.free(file)
    },
  }
}

/** Gives a sign of life. False when somebody else has the lock. One that was deleted is put back: nobody has it then. */
async function keep(files: LockFiles, file: LockFile, self: LockHolder): Promise<boolean> {
  if (await files.beat(file)) return await isOurs(files, file, self)
  const [highest] = await files.list()
  if (highest !== undefined && highest.number >= file.number) return false
  await files.take(file.number, self)
  return true
}

/** After its folder was deleted, another run may have a lock of this name. On a full disk it does not say whose it is. */
async function isOurs(files: LockFiles, file: LockFile, self: LockHolder): Promise<boolean> {
  const holder = await files.readHolder(file)
  return holder === undefined || holder.runId === self.runId
}

const repeatUnseen: Repeat = (work, everyMs) => {
  const timer = setInterval(work, everyMs).unref()
  return () => clearInterval(timer)
}

/** @param holder undefined where the lock does not say */
function heldBy(holder: LockHolder | undefined): UserError {
  const who = holder === undefined ? '' : `: ${showHolder(holder)}`
  return new UserError(`another run of photos is at work with this library or remote${who}`, {
    exitCode: exitCodes.locked,
    hint: 'wait until it has ended, then run the command again; or let this one wait for it: --retry-lock 1h',
  })
}

function lost(): UserError {
  return new UserError('another run of photos has taken the lock of this one, which gave no sign of life for minutes', {
    exitCode: exitCodes.locked,
    hint: 'wait until it has ended, then run the command again: what was confirmed is kept',
  })
}
