import { lstatSync } from 'node:fs'
import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import type { Clock } from '../remote/retry.ts'
import type { RunEvent } from '../run-event.ts'
import { type Fingerprint, fingerprintOf, isRacy, isSameButForCtime } from '../state/file-record.ts'
import { findFileErrorReason } from '../sync/file-error.ts'
import { failed } from '../sync/file-event.ts'
import { hashFile } from '../sync/hash.ts'
import { countLeftOut, type LeftOutCounts, notesOfLeftOut } from '../sync/left-out.ts'
import { pathOf, type ScannedBatch, type ScannedFile, scan } from '../sync/scan.ts'
import type { Selection } from '../sync/selection.ts'
import type { Source } from '../sync/sources.ts'

/** A photo, video or sidecar, and the content hash of the bytes that it has now. */
export interface HashedCandidate {
  readonly file: ScannedFile
  readonly contentHash: ContentHash
}

/** What was found on the way, and at most `maximumBatchSize` files of which the backend is to be asked. */
export interface CandidateBatch {
  readonly events: readonly RunEvent[]
  readonly candidates: readonly HashedCandidate[]
}

export interface FindOptions {
  readonly clock: Clock
  /** Which files; without links, which are never followed here. */
  readonly selection: Selection
  readonly signal: AbortSignal
}

/** Of what no sync sends. */
export const neverBackedUpReason = 'not a photo, video or sidecar, and so not backed up'

const bufferBytes = 2 * 1024 * 1024
/** So many events are told before the next candidates are: a folder may have nothing but what is left out. */
const maximumEvents = 500

/** Walks the sources as a sync does, and reads every file to its end, whatever is remembered of it. */
export async function* findCandidates(sources: readonly Source[], options: FindOptions): AsyncGenerator<CandidateBatch> {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes)
  let events: RunEvent[] = []
  let candidates: HashedCandidate[] = []
  const leftOut: LeftOutCounts = new Map()
  const selection = { ...options.selection, followsLinks: false }
  for await (const scanned of scan(sources, { now: options.clock.now, selection, signal: options.signal })) {
    countLeftOut(leftOut, scanned.leftOut)
    events.push(...eventsOf(scanned))
    for (const file of scanned.files) {
      const hashed = await hashNow(file, buffer, options)
      if (hashed.kind === 'refused') events.push(failed(file, hashed.reason))
      else candidates.push(hashed.candidate)
      if (candidates.length < maximumBatchSize) continue
      yield { events, candidates }
      events = []
      candidates = []
    }
    if (events.length < maximumEvents) continue
    yield { events, candidates: [] }
    events = []
  }
  yield { events: [...events, ...notesOfLeftOut(leftOut)], candidates }
}

function eventsOf({ folder, files, outcomes, leftOut }: ScannedBatch): readonly RunEvent[] {
  const sizeBytes = files.reduce((sum, file) => sum + file.fingerprint.sizeBytes, 0)
  return [
    { kind: 'found', files: files.length + outcomes.length, sizeBytes },
    ...outcomes.map((outcome): RunEvent => ({ kind: 'file', outcome })),
    ...leftOut.map(
      ({ name, cause }): RunEvent => ({ kind: 'left_out', path: joinBytePath(folder.shown, shownPath(name)), cause }),
    ),
  ]
}

/** By then no further change of a file can leave the times behind that it has now. */
const restingMs = 2000

type Hashed =
  | { readonly kind: 'hashed'; readonly candidate: HashedCandidate }
  | { readonly kind: 'refused'; readonly reason: string }

async function hashNow(file: ScannedFile, buffer: Buffer, options: FindOptions): Promise<Hashed> {
  const hashed = await hashOnce(file, buffer, options)
  const renamed = hashed.kind === 'refused' ? findRenamed(file) : undefined
  return renamed === undefined ? hashed : await hashOnce(renamed, buffer, options)
}

/**
 * A file as it is now, hashed again where nothing but its ctime has changed since, as when another of its names was moved.
 * Undefined where it has other bytes by now; one that has changed in another way is as it was given.
 */
export async function hashRenamed(
  candidate: HashedCandidate,
  options: Omit<FindOptions, 'selection'>,
): Promise<HashedCandidate | undefined> {
  const renamed = findRenamed(candidate.file)
  if (renamed === undefined) return candidate
  const hashed = await hashOnce(renamed, Buffer.allocUnsafeSlow(bufferBytes), options)
  return hashed.kind === 'hashed' && hashed.candidate.contentHash === candidate.contentHash ? hashed.candidate : undefined
}

/** The file with its present ctime, where it has another one than it was scanned with, and all else is the same. */
function findRenamed(file: ScannedFile): ScannedFile | undefined {
  const fingerprint = findFingerprint(pathOf(file))
  if (fingerprint === undefined) return undefined
  const isRenamed = isSameButForCtime(fingerprint, file.fingerprint) && fingerprint.ctimeMs !== file.fingerprint.ctimeMs
  return isRenamed ? { ...file, fingerprint } : undefined
}

/** Undefined where it cannot be looked at, which whoever opens it tells. */
function findFingerprint(path: BytePath): Fingerprint | undefined {
  try {
    return fingerprintOf(lstatSync(bytesOf(path)))
  } catch (error) {
    if (findFileErrorReason(error) === undefined) throw error
    return undefined
  }
}

/** Of a file that was touched a moment ago only when that moment has passed: its times would else not tell that it was changed. */
async function hashOnce(file: ScannedFile, buffer: Buffer, { clock, signal }: Omit<FindOptions, 'selection'>): Promise<Hashed> {
  if (isRacy(file.fingerprint, clock.now())) await clock.delay(restingMs, signal)
  const maximumSizeBytes = Number.MAX_SAFE_INTEGER
  const outcome = await hashFile({ file, knownHash: undefined }, { maximumSizeBytes, buffer, signal })
  switch (outcome.kind) {
    case 'hashed':
      return { kind: 'hashed', candidate: { file, contentHash: outcome.hashed.contentHash } }
    case 'not-media':
      return { kind: 'refused', reason: neverBackedUpReason }
    case 'failed':
      return { kind: 'refused', reason: outcome.reason }
  }
}
