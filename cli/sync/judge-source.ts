import { realpathSync } from 'node:fs'
import { type BytePath, bytesOf, shownPath } from '../byte-path.ts'
import { exitCodes } from '../exit-codes.ts'
import type { RunEvent } from '../run-event.ts'
import type { SourceRecord, SourceRecords } from '../state/source-records.ts'
import { isMountPoint, mountPointOf } from './mount-point.ts'
import type { Source } from './sources.ts'

/** What was found of a source. */
export interface FoundInSource {
  readonly files: number
  /** Of these: photos and videos, by their names. */
  readonly media: number
  /** Some of it could not be looked at: nothing is known of how many files there are. */
  readonly isUncertain: boolean
  /** A folder of each disk, other than the source's own, that files were found on. */
  readonly onOtherDisks: readonly BytePath[]
}

export interface JudgeOptions {
  readonly records: Pick<SourceRecords, 'find' | 'put'>
  /** A source that has no files any more, or a disk that is not mounted, is to be believed. */
  readonly allowsEmpty: boolean
  /** Nothing is to be remembered. */
  readonly dryRun: boolean
  readonly now: () => number
  /** Whether a source of which nothing is remembered may have been backed up before. */
  readonly mayBeForgotten: () => Promise<boolean>
  /** All of the source was looked at; else only as much as tells that there is something. */
  readonly isWhole: boolean
}

export interface Judgement {
  readonly events: readonly RunEvent[]
  /** What is not there may be on a disk that is not mounted, and so is not gone. */
  readonly isMissing: boolean
}

/** Says whether a source is what it was, and remembers what it is. What is missing stays remembered, so that it is told run after run. */
export async function judgeSource(source: Source, found: FoundInSource, options: JudgeOptions): Promise<Judgement> {
  const remembered = await options.records.find(source.path)
  const before = options.allowsEmpty ? undefined : remembered
  const trouble = before && !found.isUncertain ? findTrouble(source, found, before) : undefined
  if (remembered === undefined && (await isDoubtful(found, options))) return await doubt(source, found, options)
  if (trouble !== undefined) return { events: [missing(shownPath(source.path), trouble)], isMissing: true }
  const lostDisks = (before?.mountsBelow ?? []).filter((mount) => !isMounted(mount))
  const events = lostDisks.map((mount) => missing(shownPath(mount), 'was a disk with photos, and is not mounted now'))
  const record = found.isUncertain ? undefined : recordOf(source, found, before, options)
  if (!options.dryRun && record !== undefined) await options.records.put(source.path, record)
  const isEmpty = found.files === 0 && options.isWhole && !found.isUncertain
  if (isEmpty) events.push({ kind: 'note', message: `there are no files in ${shownPath(source.path)}` })
  return { events, isMissing: false }
}

async function isDoubtful(
  { files, isUncertain }: FoundInSource,
  { allowsEmpty, isWhole, mayBeForgotten }: JudgeOptions,
): Promise<boolean> {
  return files === 0 && !isUncertain && !allowsEmpty && isWhole && (await mayBeForgotten())
}

/** Until there are files again, or somebody says that it is meant. */
async function doubt(source: Source, found: FoundInSource, options: JudgeOptions): Promise<Judgement> {
  const record = recordOf(source, found, undefined, options)
  if (!options.dryRun && record !== undefined) await options.records.put(source.path, { ...record, isDoubted: true })
  return { events: [missing(shownPath(source.path), doubtful)], isMissing: true }
}

const doubtful = 'is empty, and this machine has forgotten what it had when it was backed up, if it was'

function missing(shown: string, trouble: string): RunEvent {
  const message = `${shown} ${trouble}; is its disk mounted? if it is meant to be like this: --allow-empty`
  return { kind: 'incomplete', exitCode: exitCodes.sourceMissing, message }
}

/** In words that follow the source's path. */
function findTrouble(source: Source, { files, media }: FoundInSource, before: SourceRecord): string | undefined {
  if (before.isDoubted && files === 0) return doubtful
  if (before.files === 0) return undefined
  if (files === 0) return `is empty, and had ${countOf(before.files, 'file', before)}`
  const mediaBefore = before.media ?? 0
  if (media === 0 && mediaBefore > 0) {
    return `has no photos or videos any more, and had ${countOf(mediaBefore, 'of them', before)}`
  }
  if (!isUnmounted(source.path, before.mountPoint)) return undefined
  const mountPoint = shownPath(before.mountPoint)
  return `had ${countOf(before.files, 'file', before)}, on a disk that was mounted at ${mountPoint} and is not now`
}

function countOf(count: number, what: 'file' | 'of them', { seenAtMs, isPart }: SourceRecord): string {
  const noun = what === 'file' && count !== 1 ? 'files' : what
  return `${isPart ? 'at least ' : ''}${count} ${noun} on ${dayOf(seenAtMs)}`
}

/** Undefined for a source that has vanished since it was scanned: then nothing is known of it. */
function recordOf(
  source: Source,
  { files, media, onOtherDisks }: FoundInSource,
  before: SourceRecord | undefined,
  { now, isWhole }: JudgeOptions,
): SourceRecord | undefined {
  const mountPoint = findMountPoint(source.path)
  if (mountPoint === undefined) return undefined
  const mounts = onOtherDisks.map(findMountPoint).filter((mount) => mount !== undefined && mount !== mountPoint)
  const mountsBelow = [...new Set([...(before?.mountsBelow ?? []), ...mounts.filter((mount) => mount !== undefined)])]
  // A part says less of how much there was than all of it did.
  if (!isWhole && before !== undefined && before.files > 0) return { ...before, mountPoint, mountsBelow }
  return { files, media, mountPoint, mountsBelow, seenAtMs: now(), ...(!isWhole && { isPart: true }) }
}

/** Whether the folder is there, but lies on the disk that the other one was mounted upon. */
function isUnmounted(path: BytePath, mountPoint: BytePath): boolean {
  const realPath = findRealPath(path)
  // A link that leads elsewhere by now was changed on purpose.
  if (realPath === undefined || !isAtOrBelow(realPath, mountPoint)) return false
  return !isMountPoint(mountPoint)
}

/** A mount point that an automounter made is not even there without its disk. */
function isMounted(mountPoint: BytePath): boolean {
  try {
    return isMountPoint(mountPoint)
  } catch {
    return false
  }
}

function findMountPoint(path: BytePath): BytePath | undefined {
  const realPath = findRealPath(path)
  return realPath && mountPointOf(realPath)
}

function findRealPath(path: BytePath): BytePath | undefined {
  try {
    return realpathSync(bytesOf(path), { encoding: 'latin1' })
  } catch {
    return undefined
  }
}

export function isAtOrBelow(path: BytePath, folder: BytePath): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** By the clock on this machine's wall: `2026-11-23`. */
function dayOf(milliseconds: number): string {
  const date = new Date(milliseconds)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
}
