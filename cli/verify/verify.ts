import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { type PhotoGroup, photoGroups } from '../pull/photo-groups.ts'
import { nameOf } from '../pull/targets.ts'
import type { ListRange, Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
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
}

type Told = Awaited<ReturnType<typeof verifyStored>>

function outcomeOf(photo: Listed, verification: ReturnType<Told['get']>): FileOutcome {
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

function listedOf({ photo, locations }: PhotoGroup): Listed {
  const path = locations[0]?.path ?? nameOf(photo)
  return { contentHash: photo.contentHash, path, sizeBytes: photo.sizeBytes }
}
