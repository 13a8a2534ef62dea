import { TransferError } from '../errors.ts'
import type { Remote } from '../remote/remote.ts'
import { findThawState } from '../remote/thaw.ts'
import type { Transport } from '../remote/transport.ts'
import type { FileOutcome } from '../run-event.ts'
import type { Looked } from './look.ts'
import { failureOf } from './pull-photo.ts'
import { thawAskedForBefore } from './thaw-original.ts'

export interface ForetellOptions {
  readonly remote: Pick<Remote, 'configuration' | 'signThaw'>
  readonly transport: Transport
  readonly signal?: AbortSignal | undefined
}

/**
 * What a dry run says of files that would be pulled out of an archive: that they would have to thaw first, or thaw already.
 * Only the storage knows, which is asked by a HEAD for each original; and only that of a remote that archives: elsewhere a dry
 * run asks for nothing.
 */
export async function foretellThaw(looked: Looked, options: ForetellOptions): Promise<Looked> {
  const wouldPull = looked.outcomes.some(({ action }) => action === 'would_pull')
  if (!wouldPull || options.remote.configuration.storageClass !== 'DEEP_ARCHIVE') return looked
  const change = await findChange(looked.originalKey, options)
  if (change === undefined) return looked
  let isFirst = true
  const outcomes = looked.outcomes.map((outcome): FileOutcome => {
    if (outcome.action !== 'would_pull') return outcome
    const changed = { ...outcome, ...change, ...(isFirst ? {} : { movesNoBytes: true as const }) }
    isFirst = false
    return changed
  })
  return { ...looked, outcomes }
}

async function findChange(originalKey: string, options: ForetellOptions): Promise<Partial<FileOutcome> | undefined> {
  const { remote, transport, signal } = options
  try {
    const state = await findThawState(remote.signThaw(originalKey, { kind: 'look' }, { signal }), { transport, signal })
    if (state === 'archived') return { action: 'would_thaw', reason: 'it lies in the archive' }
    if (state !== 'thawing') return undefined
    return { action: 'thawing', reason: 'it lies in the archive and thaws already', thaw: thawAskedForBefore(transport) }
  } catch (error) {
    if (!(error instanceof TransferError)) throw error
    return failureOf(error)
  }
}
