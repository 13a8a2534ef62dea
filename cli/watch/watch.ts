import { type BytePath, shownPath } from '../byte-path.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import type { Source } from '../sync/sources.ts'
import { type Batch, type BatchReport, createBatchRules } from './batch.ts'
import { createDirtyPaths, type DirtyCount } from './dirty-paths.ts'
import { isNetworkShare } from './network-share.ts'
import { createSchedule } from './schedule.ts'
import { createSleepDetector } from './sleep-detector.ts'
import { wait, waitFor } from './wait.ts'
import { watchSources } from './watched-sources.ts'

export interface WatchOptions {
  /** How long a file must stand still before it is taken, in milliseconds. */
  readonly settleMs: number
  /** How often everything is looked through, in milliseconds: network shares tell nothing of what others change. */
  readonly rescanMs: number
  /** Whether hidden files and folders are backed up, too. */
  readonly takesHidden?: boolean
  /** Folders that a batch itself writes to, absolute. */
  readonly except?: readonly BytePath[]
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Backs up once. Throws a `UserError` for what concerns all of it. */
  readonly backUp: (batch: Batch) => Promise<void>
  readonly report: (isFull: boolean) => BatchReport
  /** Something that the user should know, in lower case, a line. */
  readonly note: (message: string) => void
}

/** So often it is looked whether a source is still there, and whether this machine has slept. */
const lookEveryMs = 5000
const shortestWaitMs = 200
/** While others still change, what stands still waits for them so long: a burst of files is one batch, not a hundred. */
const gatherMs = 30_000
/** Without events there is nothing but to look. */
const rescanWithoutEventsMs = 5 * 60_000

/** These do not pass by waiting: the user has to do something. */
const endingCodes: ReadonlySet<ExitCode> = new Set([exitCodes.usage, exitCodes.noRemote, exitCodes.notSignedIn])

/**
 * Backs up the sources, and from then on what changes in them, until the signal is aborted; then throws its reason. Throws a
 * `UserError` for what the user has to mend (exit codes 2, 10 and 12), and for nothing else: what fails is tried again.
 */
export async function watch(sources: readonly Source[], options: WatchOptions): Promise<never> {
  const watching = startWatching(sources, options)
  try {
    await watching.ready()
    for (;;) await watching.step()
  } finally {
    watching.close()
  }
}

interface Watching {
  ready(): Promise<void>
  /** Carries out what is due, or waits until something may be. */
  step(): Promise<void>
  close(): void
}

function startWatching(sources: readonly Source[], options: WatchOptions): Watching {
  const { settleMs, clock, signal, note } = options
  const { elapsed, now } = clock
  const hasSlept = createSleepDetector(clock)
  const schedule = createSchedule(options.rescanMs, clock)
  let wake = (): void => {}
  let isExhausted = false

  const rescanSoon = (): void => {
    schedule.rescanSoon()
    wake()
  }
  const roots = new Set(sources.map(({ path }) => path))
  const dirty = createDirtyPaths({ elapsed, settleMs, roots, onOverflow: rescanSoon })
  const rules = createBatchRules({ settleMs, now, dirty })
  const watched = watchSources(sources, {
    takesHidden: options.takesHidden ?? false,
    except: new Set(options.except),
    onChange(path) {
      rules.forget(path)
      if (dirty.mark(path) === 'sooner') wake()
    },
    onLoss: rescanSoon,
    onExhausted() {
      if (!isExhausted) note(exhaustedNote(schedule.rescanEvery(rescanWithoutEventsMs)))
      isExhausted = true
    },
    note,
  })

  function putBack(listed: readonly BytePath[] | undefined): void {
    if (listed === undefined) schedule.rescanSoon()
    for (const path of listed ?? []) dirty.mark(path)
  }

  async function carryOut(folders: readonly string[], listed: readonly BytePath[] | undefined): Promise<void> {
    const isFull = listed === undefined
    const report = options.report(isFull)
    const on: Batch['on'] = (event) => {
      const heard = rules.hear(event)
      if (heard) report.on(heard)
    }
    if (isFull) rules.beginLook()
    try {
      const batch = { folders, listed, isHeldBack: rules.isHeldBack, on }
      await withSignalOfItsOwn(signal, async (ownSignal) => await options.backUp({ ...batch, signal: ownSignal }))
      if (isFull) rules.endLook()
      schedule.succeed()
      report.finish()
    } catch (error) {
      if (signal.aborted) report.interrupt()
      if (signal.aborted || !(error instanceof UserError) || endingCodes.has(error.exitCode)) throw error
      putBack(listed)
      schedule.putOff()
      report.putOff(error)
    }
  }

  return {
    async ready() {
      await waitFor(watched.ready, signal)
      note(describeStart(sources.length, watched.folderCount()))
      const shares = sources.filter(({ path }) => isNetworkShare(path))
      for (const { path } of shares)
        note(`${shownPath(path)} is a network share: what other machines do there is found by --rescan`)
    },
    async step() {
      signal.throwIfAborted()
      if (hasSlept()) schedule.rescanSoon()
      watched.look()
      const count = dirty.look()
      const folders = watched.present()
      const isFree = !schedule.isPutOff() && folders.length > 0
      if (isFree && schedule.isRescanDue()) {
        schedule.beginRescan()
        await waitFor(watched.renew(), signal)
        dirty.take()
        await carryOut(folders, undefined)
      } else if (isFree && isReady(count, elapsed())) {
        await carryOut(folders, dirty.take())
      } else {
        const moments = [...schedule.moments(), count.nextLookMs, count.settledSinceMs + gatherMs]
        const onWaiting = (end: () => void): void => {
          wake = end
        }
        await wait(nextOf(moments, elapsed()), { clock, signal, onWaiting })
      }
    },
    close: () => watched.close(),
  }
}

/** Gives the batch a signal of its own: what listens to it goes with the batch, and this one lives for years. */
async function withSignalOfItsOwn(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await work(controller.signal)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function isReady({ settled, unsettled, settledSinceMs }: DirtyCount, elapsedMs: number): boolean {
  return settled > 0 && (unsettled === 0 || elapsedMs - settledSinceMs >= gatherMs)
}

/** How long to wait for the first of these moments that is still to come. */
function nextOf(moments: readonly number[], elapsedMs: number): number {
  const waits = moments.filter((moment) => moment > elapsedMs).map((moment) => moment - elapsedMs)
  return Math.max(shortestWaitMs, Math.min(lookEveryMs, ...waits))
}

function describeStart(sources: number, folders: number): string {
  return `watching ${sources === 1 ? 'one source' : `${sources} sources`}, ${folders} ${folders === 1 ? 'folder' : 'folders'} in all`
}

function exhaustedNote(rescanMs: number): string {
  const often = rescanMs < 60_000 ? `${rescanMs / 1000} s` : `${Math.round(rescanMs / 60_000)} min`
  return `the system watches no more folders for this user (on Linux: raise fs.inotify.max_user_watches); all is looked through every ${often} instead`
}
