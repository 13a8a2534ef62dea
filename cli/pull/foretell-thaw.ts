import type { Photo } from '../../contract/photos.ts'
import { TransferError } from '../errors.ts'
import type { Tell } from '../event-stream.ts'
import type { Remote } from '../remote/remote.ts'
import { findArchiveState } from '../remote/thaw.ts'
import type { Transport } from '../remote/transport.ts'
import type { FileOutcome } from '../run-event.ts'
import type { PhotoOnDisk } from './look-at-disk.ts'
import { failureOf } from './pull-photo.ts'
import { thawAskedForBefore } from './thaw-original.ts'

export interface ForetellOptions {
  readonly remote: Pick<Remote, 'configuration' | 'signThaw'>
  readonly transport: Transport
  readonly tell: Tell
  readonly signal?: AbortSignal | undefined
}

export type ForetellThaw = (seen: PhotoOnDisk) => Promise<PhotoOnDisk>

type Change = Partial<FileOutcome> | undefined

/**
 * What a dry run says of files that would be pulled out of an archive: that they would have to thaw first, or thaw already.
 * Only the storage knows, which is asked by a HEAD for each original; and only that of a remote that archives: elsewhere a dry
 * run asks for nothing. The user hears of it, once, where the storage does not say.
 */
export function createForetelling(options: ForetellOptions): ForetellThaw {
  const changes = new WeakMap<Photo, Promise<Change>>()
  let told: Promise<void> | undefined
  const onSilence = () => (told ??= options.tell([{ kind: 'note', message: unknownNote }]))
  return async (seen) => {
    const wouldPull = seen.outcomes.some(({ action }) => action === 'would_pull')
    if (!wouldPull || options.remote.configuration.storageClass !== 'DEEP_ARCHIVE') return seen
    const known = changes.get(seen.photo)
    const asked = known ?? findChange(seen.originalKey, onSilence, options)
    changes.set(seen.photo, asked)
    const change = await asked
    return change === undefined ? seen : { ...seen, outcomes: changed(seen.outcomes, change, known === undefined) }
  }
}

const unknownNote =
  'the storage refuses to say which originals lie in the archive: of those that would be pulled, some may have to thaw first'

/** @param isFirst whether the bytes of this photo have not been counted yet: with other files of it they may have */
function changed(outcomes: readonly FileOutcome[], change: Partial<FileOutcome>, isFirst: boolean): readonly FileOutcome[] {
  const counting = isFirst ? outcomes.find(({ action }) => action === 'would_pull') : undefined
  return outcomes.map((outcome): FileOutcome => {
    if (outcome.action !== 'would_pull') return outcome
    return { ...outcome, ...change, ...(outcome === counting ? {} : { movesNoBytes: true }) }
  })
}

async function findChange(
  originalKey: string,
  onSilence: () => Promise<void>,
  { remote, transport, signal }: ForetellOptions,
): Promise<Change> {
  try {
    const state = await findArchiveState(remote.signThaw(originalKey, { kind: 'look' }, { signal }), { transport, signal })
    if (state === undefined) await onSilence()
    if (state === 'archived') return { action: 'would_thaw', reason: 'it lies in the archive' }
    if (state !== 'thawing') return undefined
    return { action: 'thawing', reason: 'it lies in the archive and thaws already', thaw: thawAskedForBefore(transport) }
  } catch (error) {
    if (!(error instanceof TransferError)) throw error
    return failureOf(error)
  }
}
