import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import type { Verification } from '../../contract/verifications.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { type PhotoGroup, photoGroups } from '../pull/photo-groups.ts'
import { findPlace } from '../pull/standing.ts'
import { nameOf } from '../pull/targets.ts'
import type { ListRange, Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
import { shownPathOf } from '../sync/scan.ts'
import type { Source } from '../sync/sources.ts'
import { verifyFiles } from './verify-files.ts'
import { explainUnverified, verifyStored } from './verify-stored.ts'

export interface VerifyRunOptions {
  readonly remote: Remote
  readonly clock: Clock
  readonly range: ListRange
  readonly signal: AbortSignal
}

/** While one batch is told of, the backend reads the next. */
const batchesAtOnce = 2

interface Listed {
  readonly contentHash: ContentHash
  readonly path: string
  readonly sizeBytes: number
}

export interface VerifySourcesOptions extends Omit<VerifyRunOptions, 'range'> {
  readonly sources: readonly Source[]
}

/** The same for the files of folders (and single files): whether the originals of the bytes that they have now are stored. */
export async function* verifySources({ sources, ...options }: VerifySourcesOptions): AsyncGenerator<RunEvent> {
  for await (const { events, files } of verifyFiles(sources, { ...options, selection: {} })) {
    yield* events
    for (const { candidate, verification } of files) {
      const { file, contentHash } = candidate
      const described = { contentHash, path: shownPathOf(file), sizeBytes: file.fingerprint.sizeBytes }
      yield { kind: 'file', outcome: { ...outcomeOf(described, verification), ...unknownFails(verification) } }
    }
  }
}

/** In a list it may have gone meanwhile; of a file that was named it is the answer. */
function unknownFails(verification: Verification | undefined): Partial<Pick<FileOutcome, 'action'>> {
  return verification?.kind === 'unknown' || verification?.kind === 'trashed' ? { action: 'failed' } : {}
}

/**
 * Has the backend read the stored originals of a range of time again, and tells of each whether it is still what was stored. What
 * lies in an archive is skipped: only a thaw would show it.
 */
export async function* verify({ remote, clock, range, signal }: VerifyRunOptions): AsyncGenerator<RunEvent> {
  const controller = new AbortController()
  const listSignal = AbortSignal.any([signal, controller.signal])
  const batches = batchesOf(photoGroups(remote.listPhotos(range, { signal: listSignal })))
  const verified = mapConcurrently(
    batches,
    batchesAtOnce,
    async (photos, taskSignal) => {
      const contentHashes = photos.map(({ contentHash }) => contentHash)
      return { photos, told: await verifyStored(contentHashes, { remote, clock, signal: taskSignal }) }
    },
    { signal, controller },
  )
  for await (const { photos, told } of verified) {
    yield { kind: 'found', files: photos.length, sizeBytes: photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
    for (const photo of photos) yield { kind: 'file', outcome: outcomeOf(photo, told.get(photo.contentHash)) }
  }
  if (range.from !== undefined || range.before !== undefined) yield* tellUndated({ remote, signal })
}

async function* tellUndated({ remote, signal }: Pick<VerifyRunOptions, 'remote' | 'signal'>): AsyncGenerator<RunEvent> {
  let undated = 0
  for await (const { isContinued } of photoGroups(remote.listPhotos({ undated: true }, { signal })))
    undated += isContinued ? 0 : 1
  if (undated === 0) return
  const said =
    undated === 1
      ? '1 original has no capture time, as sidecars have none, and is'
      : `${undated} originals have no capture time, as sidecars have none, and are`
  yield { kind: 'note', message: `${said} left out; without --since and --until all are verified` }
}

function outcomeOf(photo: Listed, verification: Verification | undefined): FileOutcome {
  if (verification?.kind === 'verified') return { ...photo, action: 'verified' }
  const explained = explainUnverified(verification)
  // Between the list and now it was deleted, or it cannot be read: neither says anything about its bytes.
  const isNoFault = verification?.kind === 'archived' || verification?.kind === 'trashed' || verification?.kind === 'unknown'
  return { ...photo, action: isNoFault ? 'skipped' : 'failed', ...explained }
}

async function* batchesOf(groups: AsyncIterable<PhotoGroup>): AsyncGenerator<readonly Listed[]> {
  let batch: Listed[] = []
  for await (const group of groups) {
    if (group.isContinued) continue
    batch.push(listedOf(group))
    if (batch.length < maximumBatchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function listedOf(group: PhotoGroup): Listed {
  const { photo } = group
  const path = findPlace(group)?.path ?? nameOf(photo)
  return { contentHash: photo.contentHash, path, sizeBytes: photo.sizeBytes }
}
