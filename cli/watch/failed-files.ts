import { lstatSync } from 'node:fs'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { findFileErrorReason } from '../sync/file-error.ts'

/** What a failure means to somebody who watches the file. */
export type Failure = 'gone' | 'changing' | 'failed'

/** Whether a file (or folder) was touched so shortly before that whoever writes it may not be done. Times are milliseconds. */
export function isYoung({ ctimeMs }: { readonly ctimeMs: number }, now: number, settleMs: number): boolean {
  // A file server whose clock is far ahead must not keep its files from being backed up.
  return Math.abs(now - ctimeMs) < settleMs
}

/** Tells a failure from what happens to files that are moved, removed or written while they are backed up. */
export function judgeFailure(path: BytePath, now: number, settleMs: number): Failure {
  try {
    const stats = lstatSync(bytesOf(path), { throwIfNoEntry: false })
    if (stats === undefined) return 'gone'
    return isYoung(stats, now, settleMs) ? 'changing' : 'failed'
  } catch (error) {
    const reason = findFileErrorReason(error)
    if (reason === undefined) throw error
    return reason === 'no longer there' ? 'gone' : 'failed'
  }
}

/** Says when a file that has failed is to be tried again. */
export interface RetryPlan {
  /** In how many milliseconds; undefined when only the next look through everything is to try. */
  next(path: BytePath): number | undefined
  /** Something has happened to the file: it has all its tries again. */
  forget(path: BytePath): void
  /** Everything is looked through from now on. */
  beginLook(): void
  /** It has been. What did not fail in it is well: of what has not changed, it need not tell the name. */
  endLook(): void
}

interface Failed {
  readonly times: number
  /** The look through everything in which it failed last, or after which. */
  readonly look: number
}

const pausesMs = [30_000, 120_000, 480_000]
const mostFiles = 1000

export function createRetryPlan(): RetryPlan {
  const failures = new Map<BytePath, Failed>()
  let look = 0
  return {
    next(path) {
      const times = failures.get(path)?.times ?? 0
      if (times === 0 && failures.size >= mostFiles) return undefined
      failures.set(path, { times: times + 1, look })
      return pausesMs[times]
    },
    forget: (path) => void failures.delete(path),
    beginLook() {
      look += 1
    },
    endLook() {
      for (const [path, failed] of failures) if (failed.look < look) failures.delete(path)
    },
  }
}
