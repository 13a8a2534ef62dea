import { lstatSync, type Stats } from 'node:fs'
import { type BytePath, bytesOf } from '../byte-path.ts'
import { type Fingerprint, fingerprintOf, isSameFile } from '../state/file-record.ts'
import { findFileErrorReason } from '../sync/file-error.ts'

/** What has changed, or may have, and is not backed up yet. Bounded: where too much is dirty, whole folders are. */
export interface DirtyPaths {
  /** Something happened to this file or folder. `sooner`: it is to be looked at before `nextLookMs`. @param afterMs look at it no earlier */
  mark(path: BytePath, afterMs?: number): 'sooner' | 'no-sooner'
  /** Looks at what is due. Answers with what is left, and when it is worth to look again (by `elapsed`). */
  look(): DirtyCount
  /** Takes out what stands still: files, and folders with all that lies in them, none within another one. */
  take(): readonly BytePath[]
}

export interface DirtyCount {
  readonly settled: number
  /** That may be settled soon; without what is looked at much later. */
  readonly unsettled: number
  /** Since when the first of the settled ones waits. */
  readonly settledSinceMs: number
  readonly nextLookMs: number
}

export interface DirtyPathsOptions {
  /** Milliseconds. */
  readonly elapsed: () => number
  /** How long a file must stand still. */
  readonly settleMs: number
  /** Paths to hold at most. */
  readonly limit?: number
  /** The sources: of one that is a file, the folder around it is none of our business. */
  readonly roots: ReadonlySet<BytePath>
  /** Called when even the folders are too many: everything is to be looked through, and nothing is held any more. */
  readonly onOverflow: () => void
}

interface DirtyPath {
  readonly kind: 'unknown' | 'file' | 'folder'
  /** Of a file that was looked at. */
  readonly fingerprint?: Fingerprint | undefined
  /** When it is looked at (again). A folder is settled then: to wait until nothing happens in it might take days. */
  readonly dueMs: number
  readonly settledAtMs?: number | undefined
}

const defaultLimit = 10_000

/** A copy tells of every block that it writes: the first look waits until nothing was told for so long, or it would see half a file. */
const longestQuietMs = 500

/** A file is settled when two looks, `settleMs` apart, see the same, and nothing happened to it between them. */
export function createDirtyPaths(options: DirtyPathsOptions): DirtyPaths {
  const { elapsed, settleMs, limit = defaultLimit, roots, onOverflow } = options
  const quietMs = Math.min(longestQuietMs, settleMs)
  const entries = new Map<BytePath, DirtyPath>()
  let nextLookMs = Number.POSITIVE_INFINITY

  /** Keeps the folders instead of what is dirty in them. */
  function collapse(): void {
    const kept = new Map([...entries].filter(([path, { kind }]) => kind === 'folder' || roots.has(path)))
    const whole: DirtyPath = { kind: 'folder', dueMs: elapsed() + settleMs }
    for (const path of entries.keys()) if (!kept.has(path)) kept.set(parentOf(path), whole)
    entries.clear()
    if (kept.size > limit / 2) onOverflow()
    else for (const [path, entry] of kept) entries.set(path, entry)
  }

  function lookAt(path: BytePath, entry: DirtyPath): void {
    const now = elapsed()
    const stats = entry.kind === 'folder' ? undefined : findStats(path)
    if (entry.kind === 'folder') entries.set(path, { ...entry, settledAtMs: now })
    else if (stats === undefined) entries.delete(path)
    else if (stats.isDirectory()) entries.set(path, { kind: 'folder', dueMs: now + settleMs })
    else {
      const fingerprint = fingerprintOf(stats)
      const isStill = entry.fingerprint !== undefined && isSameFile(entry.fingerprint, fingerprint)
      entries.set(path, { kind: 'file', fingerprint, dueMs: now + settleMs, settledAtMs: isStill ? now : undefined })
    }
  }

  return {
    mark(path, afterMs = quietMs) {
      if (entries.get(path)?.kind === 'folder' || isWithinFolder(path, entries)) return 'no-sooner'
      const dueMs = elapsed() + afterMs
      entries.set(path, { kind: 'unknown', dueMs })
      if (entries.size > limit) collapse()
      if (dueMs >= nextLookMs) return 'no-sooner'
      nextLookMs = dueMs
      return 'sooner'
    },
    look() {
      for (const [path, entry] of entries) {
        if (entry.settledAtMs === undefined && entry.dueMs <= elapsed()) lookAt(path, entry)
      }
      const count = countOf(entries.values(), elapsed() + settleMs)
      nextLookMs = count.nextLookMs
      return count
    },
    take() {
      const settled = [...entries].flatMap(([path, { settledAtMs }]) => (settledAtMs === undefined ? [] : [path]))
      const taken = settled.filter((path) => !isWithinFolder(path, entries, ({ settledAtMs }) => settledAtMs !== undefined))
      for (const path of settled) entries.delete(path)
      return taken
    },
  }
}

/** Undefined also where one may not look: then the next look through everything says what is to be said. */
function findStats(path: BytePath): Stats | undefined {
  try {
    return lstatSync(bytesOf(path), { throwIfNoEntry: false })
  } catch (error) {
    if (findFileErrorReason(error) === undefined) throw error
    return undefined
  }
}

function countOf(entries: Iterable<DirtyPath>, soonMs: number): DirtyCount {
  const count = { settled: 0, unsettled: 0, settledSinceMs: Number.POSITIVE_INFINITY, nextLookMs: Number.POSITIVE_INFINITY }
  for (const { dueMs, settledAtMs } of entries) {
    if (settledAtMs === undefined) {
      if (dueMs <= soonMs) count.unsettled += 1
      count.nextLookMs = Math.min(count.nextLookMs, dueMs)
    } else {
      count.settled += 1
      count.settledSinceMs = Math.min(count.settledSinceMs, settledAtMs)
    }
  }
  return count
}

function isWithinFolder(
  path: BytePath,
  entries: ReadonlyMap<BytePath, DirtyPath>,
  counts: (entry: DirtyPath) => boolean = () => true,
): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const folder = entries.get(path.slice(0, end))
    if (folder?.kind === 'folder' && counts(folder)) return true
  }
  return false
}

function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}
