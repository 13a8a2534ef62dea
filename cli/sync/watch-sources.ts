import { realpathSync } from 'node:fs'
import { type BytePath, bytesOf, shownPath } from '../byte-path.ts'
import type { Tell } from '../event-stream.ts'
import { exitCodes } from '../exit-codes.ts'
import type { RunEvent } from '../run-event.ts'
import type { SourceRecord, SourceRecords } from '../state/source-records.ts'
import { isMountPoint, mountPointOf } from './mount-point.ts'
import type { ScannedBatch } from './scan.ts'
import type { Source } from './sources.ts'

export interface WatchSourcesOptions {
  readonly records: SourceRecords
  /** A source that has no files any more is to be believed. */
  readonly allowsEmpty: boolean
  /** Nothing is to be remembered. */
  readonly dryRun: boolean
  readonly now: () => number
  readonly tell: Tell
}

interface Found {
  files: number
  /** Some of it could not be looked at: nothing is known of how many files there are. */
  isUncertain: boolean
}

/**
 * Passes on what a scan of whole sources finds, and says at its end which of them were there before and are not now: a folder
 * whose disk is not mounted looks like an empty one. The other sources go on, and so do all files that are there.
 */
export async function* watchSources(
  scanned: AsyncIterable<ScannedBatch>,
  sources: readonly Source[],
  options: WatchSourcesOptions,
): AsyncGenerator<ScannedBatch> {
  const folders = sources.filter(({ kind }) => kind === 'folder').toSorted((one, other) => other.path.length - one.path.length)
  const found = new Map<Source, Found>(folders.map((source) => [source, { files: 0, isUncertain: false }]))
  for await (const batch of scanned) {
    const source = folders.find(({ path }) => isAtOrBelow(batch.folder.path, path))
    const sum = source && found.get(source)
    if (sum) add(batch, sum)
    yield batch
  }
  for (const [source, { files, isUncertain }] of found) {
    if (!isUncertain) await options.tell(await judge(source, files, options))
  }
}

/** What filters leave out is there all the same; hidden names and junk may be those of a bare mount point. */
function add({ files, outcomes, leftOut }: ScannedBatch, sum: Found): void {
  sum.files += files.length
  for (const { cause } of leftOut) if (cause === 'filters') sum.files += 1
  sum.isUncertain ||= outcomes.some(({ action }) => action === 'failed')
}

async function judge(source: Source, files: number, options: WatchSourcesOptions): Promise<readonly RunEvent[]> {
  const { records, allowsEmpty, dryRun, now } = options
  const shown = shownPath(source.path)
  const before = await records.find(source.path)
  const trouble = before && !allowsEmpty ? findTrouble(source, files, before) : undefined
  if (trouble !== undefined) {
    const message = `${shown} ${trouble}; is its disk mounted? if it is meant to be like this: --allow-empty`
    return [{ kind: 'incomplete', exitCode: exitCodes.sourceMissing, message }]
  }
  const mountPoint = findMountPoint(source.path)
  if (!dryRun && mountPoint !== undefined) await records.put(source.path, { files, mountPoint, seenAtMs: now() })
  return files === 0 ? [{ kind: 'note', message: `there are no files in ${shown}` }] : []
}

/** In words that follow the source's path. */
function findTrouble(source: Source, files: number, before: SourceRecord): string | undefined {
  const had = `had ${before.files} ${before.files === 1 ? 'file' : 'files'} on ${dayOf(before.seenAtMs)}`
  if (before.files === 0) return undefined
  if (files === 0) return `is empty, and ${had}`
  return isUnmounted(source.path, before.mountPoint)
    ? `${had}, on a disk that was mounted at ${shownPath(before.mountPoint)} and is not now`
    : undefined
}

/** Whether the folder is there, but lies on the disk that the other one was mounted upon. */
function isUnmounted(path: BytePath, mountPoint: BytePath): boolean {
  const realPath = findRealPath(path)
  // A link that leads elsewhere by now was changed on purpose.
  if (realPath === undefined || !isAtOrBelow(realPath, mountPoint)) return false
  return !isMountPoint(mountPoint)
}

function findMountPoint(path: BytePath): BytePath | undefined {
  const realPath = findRealPath(path)
  return realPath && mountPointOf(realPath)
}

/** Undefined for a source that has vanished since it was scanned: then nothing is known of it. */
function findRealPath(path: BytePath): BytePath | undefined {
  try {
    return realpathSync(bytesOf(path), { encoding: 'latin1' })
  } catch {
    return undefined
  }
}

function isAtOrBelow(path: BytePath, folder: BytePath): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** By the clock on this machine's wall: `2026-11-23`. */
function dayOf(milliseconds: number): string {
  const date = new Date(milliseconds)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
}
