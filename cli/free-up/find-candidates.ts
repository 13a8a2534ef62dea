import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import type { Clock } from '../remote/retry.ts'
import type { RunEvent } from '../run-event.ts'
import { isRacy } from '../state/file-record.ts'
import { failed } from '../sync/file-event.ts'
import { hashFile } from '../sync/hash.ts'
import { type ScannedBatch, type ScannedFile, scan } from '../sync/scan.ts'
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
  /** See {@link FreeUpOptions}. */
  readonly modifiedBeforeMs: number | undefined
  readonly signal: AbortSignal
}

const bufferBytes = 2 * 1024 * 1024
/** So many events make a batch, too: a folder in which nothing is a photo is told of while it is walked. */
const maximumEvents = 500

/** Walks the sources as a sync does, and reads every file to its end, whatever is remembered of it. */
export async function* findCandidates(sources: readonly Source[], options: FindOptions): AsyncGenerator<CandidateBatch> {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes)
  let events: RunEvent[] = []
  let candidates: HashedCandidate[] = []
  for await (const scanned of scan(sources, { now: options.clock.now, signal: options.signal })) {
    const files = scanned.files.filter((file) => isWanted(file, options))
    events.push(foundIn(files, scanned), ...scanned.outcomes.map((outcome): RunEvent => ({ kind: 'file', outcome })))
    for (const file of files) {
      const hashed = await hashNow(file, buffer, options)
      if (hashed.kind === 'refused') events.push(failed(file, hashed.reason))
      else candidates.push({ file, contentHash: hashed.contentHash })
      if (candidates.length < maximumBatchSize && events.length < maximumEvents) continue
      yield { events, candidates }
      events = []
      candidates = []
    }
  }
  yield { events, candidates }
}

function isWanted({ fingerprint }: ScannedFile, { modifiedBeforeMs }: FindOptions): boolean {
  return modifiedBeforeMs === undefined || fingerprint.mtimeMs < modifiedBeforeMs
}

function foundIn(files: readonly ScannedFile[], { outcomes }: ScannedBatch): RunEvent {
  const sizeBytes = files.reduce((sum, file) => sum + file.fingerprint.sizeBytes, 0)
  return { kind: 'found', files: files.length + outcomes.length, sizeBytes }
}

/** By then no further change of a file can leave the times behind that it has now. */
const restingMs = 2000

type Hashed =
  | { readonly kind: 'hashed'; readonly contentHash: ContentHash }
  | { readonly kind: 'refused'; readonly reason: string }

/** Of a file that was touched a moment ago only when that moment has passed: its times would else not tell that it was changed. */
async function hashNow(file: ScannedFile, buffer: Buffer, { clock, signal }: FindOptions): Promise<Hashed> {
  if (isRacy(file.fingerprint, clock.now())) await clock.delay(restingMs, signal)
  const maximumSizeBytes = Number.MAX_SAFE_INTEGER
  const outcome = await hashFile({ file, knownHash: undefined }, { maximumSizeBytes, buffer, signal })
  switch (outcome.kind) {
    case 'hashed':
      return { kind: 'hashed', contentHash: outcome.hashed.contentHash }
    case 'not-media':
      return { kind: 'refused', reason: 'not a photo, video or sidecar, and so not backed up' }
    case 'failed':
      return { kind: 'refused', reason: outcome.reason }
  }
}
