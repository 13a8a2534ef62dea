import { type BytePath, bytePathOf } from '../byte-path.ts'
import type { UserError } from '../errors.ts'
import type { RunEvent } from '../run-event.ts'
import type { IsHeldBack } from '../sync/hold-back.ts'
import { pathOf } from '../sync/scan.ts'
import type { DirtyPaths } from './dirty-paths.ts'
import { createRetryPlan, isYoung, judgeFailure, type RetryPlan } from './failed-files.ts'

/** One run over what has changed, or over everything. */
export interface Batch {
  /** The sources that are there. */
  readonly folders: readonly string[]
  /** Files, and folders with all that lies in them; undefined is everything. */
  readonly listed: readonly BytePath[] | undefined
  readonly isHeldBack: IsHeldBack
  readonly on: (event: RunEvent) => void
  readonly signal: AbortSignal
}

/** Tells how a batch goes. */
export interface BatchReport {
  on(event: RunEvent): void
  finish(): void
  /** It did not come to its end; what it was about is tried again. */
  putOff(error: UserError): void
  /** The user or the system ends the watch in the middle of it. */
  interrupt(): void
}

export interface BatchOptions {
  /** How long a file must stand still before it is taken, in milliseconds. */
  readonly settleMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly dirty: Pick<DirtyPaths, 'mark'>
}

export interface BatchRules extends Pick<RetryPlan, 'forget' | 'beginLook' | 'endLook'> {
  readonly isHeldBack: IsHeldBack
  /** What is told of the batch; undefined for the failure of a file that is gone, or is looked at again as it still changes. */
  hear(event: RunEvent): RunEvent | undefined
}

/** What a batch takes, and what becomes of the files that fail in it. */
export function createBatchRules({ settleMs, now, dirty }: BatchOptions): BatchRules {
  const retries = createRetryPlan()

  function hearFailure(path: BytePath): boolean {
    const failure = judgeFailure(path, now(), settleMs)
    if (failure === 'changing') dirty.mark(path)
    if (failure !== 'failed') return false
    const pauseMs = retries.next(path)
    if (pauseMs !== undefined) dirty.mark(path, pauseMs)
    return true
  }

  return {
    isHeldBack(file) {
      const isHeldBack = isYoung(file.fingerprint, now(), settleMs)
      if (isHeldBack) dirty.mark(pathOf(file))
      return isHeldBack
    },
    hear(event) {
      if (event.kind !== 'file') return event
      const { action, path } = event.outcome
      // A name that is not UTF-8 cannot be found by what is shown of it; the next look through everything tries it again.
      if (path.includes('\ufffd')) return event
      if (action === 'failed') return hearFailure(bytePathOf(path)) ? event : undefined
      retries.forget(bytePathOf(path))
      return event
    },
    forget: retries.forget,
    beginLook: retries.beginLook,
    endLook: retries.endLook,
  }
}
