import type { Verification } from '../../contract/verifications.ts'
import { bytePathOf, joinBytePath, shownPath } from '../byte-path.ts'
import { endRunWhenFull, findPullFailure } from '../pull/write-error.ts'
import type { Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
import { formatWords } from '../shell-words.ts'
import { FileChangedError, findFileErrorReason } from '../sync/file-error.ts'
import { openOriginal } from '../sync/open-original.ts'
import { locationPathOf, pathOf, shownPathOf } from '../sync/scan.ts'
import type { Selection } from '../sync/selection.ts'
import type { Source } from '../sync/sources.ts'
import { type HashedCandidate, hashRenamed, neverBackedUpReason } from '../verify/find-candidates.ts'
import { verifyFiles } from '../verify/verify-files.ts'
import { explainUnverified, type VerifiedOriginal } from '../verify/verify-stored.ts'
import { everyFileIsWhole, type Quarantine } from './quarantine.ts'

export interface FreeUpOptions {
  readonly remote: Remote
  readonly clock: Clock
  /** Undefined for a dry run: all is read and verified, and nothing moved. */
  readonly quarantine: Quarantine | undefined
  readonly selection: Selection
  readonly signal: AbortSignal
}

/**
 * Moves files of folders aside whose originals the backend has just read again: each file is hashed anew, whatever is remembered of
 * it, its stored original is verified after that, and it must still be the same file when it is moved. Any other stays where it is
 * and is named. One file's failure never ends the run; a full disk does, with a `UserError`.
 */
export async function* freeUp(sources: readonly Source[], options: FreeUpOptions): AsyncGenerator<RunEvent> {
  let [moved, mayHaveMore] = [0, false]
  for await (const { events, files } of verifyFiles(sources, options)) {
    for (const event of events) {
      mayHaveMore ||= isOfPhotoThatStays(event)
      yield event
    }
    for (const { candidate, verification } of files) {
      const outcome = await settle(candidate, verification, options)
      if (outcome.action === 'moved') moved += 1
      else mayHaveMore = true
      yield { kind: 'file', outcome }
    }
  }
  if (options.quarantine === undefined || moved === 0) return
  yield* howToGoOn(sources, options.quarantine.folder)
  if (!mayHaveMore) yield { kind: 'note', message: nothingIsLeft }
}

/** Whether a sync knows the folder only its own state says, which is locked while one is at work. */
const nothingIsLeft =
  'no photo is left in the folder: where this machine has backed it up before, its next sync ends with exit code 4, unless --allow-empty says once that this is meant'

/** What is filtered, or cannot be read, may be a photo. */
function isOfPhotoThatStays(event: RunEvent): boolean {
  if (event.kind === 'left_out') return event.cause === 'filters'
  return event.kind === 'file' && event.outcome.action === 'failed' && event.outcome.reason !== neverBackedUpReason
}

async function settle(
  candidate: HashedCandidate,
  verification: Verification | undefined,
  options: FreeUpOptions,
): Promise<FileOutcome> {
  const { file, contentHash } = candidate
  const { sizeBytes } = file.fingerprint
  const described = { path: shownPathOf(file), sizeBytes, contentHash }
  if (verification?.kind !== 'verified') return { ...described, action: 'failed', ...explainUnverified(verification) }
  if (verification.sizeBytes !== sizeBytes)
    return { ...described, action: 'failed', reason: 'its stored original is of another size' }
  if (options.quarantine === undefined) return { ...described, action: 'would_move' }
  options.signal.throwIfAborted()
  try {
    const isMoved = await move(candidate, verification, options.quarantine, options)
    return isMoved
      ? { ...described, action: 'moved' }
      : { ...described, action: 'failed', reason: 'other files have every name for it' }
  } catch (error) {
    endRunWhenFull(error, options.quarantine.folder, everyFileIsWhole)
    const reason = findFileErrorReason(error) ?? findPullFailure(error)
    if (reason === undefined) throw error
    return { ...described, action: 'failed', reason }
  }
}

async function move(
  candidate: HashedCandidate,
  { verifiedAt }: VerifiedOriginal,
  quarantine: Quarantine,
  options: FreeUpOptions,
): Promise<boolean> {
  const present = await hashRenamed(candidate, options)
  if (present === undefined) throw new FileChangedError('changed while it was read; run again')
  const { file, contentHash } = present
  const handle = await openOriginal(file, 'read')
  try {
    const { fingerprint } = file
    const path = pathOf(file)
    const location = locationPathOf(file)
    const verified = { path, location, handle, fingerprint, contentHash, sizeBytes: fingerprint.sizeBytes, verifiedAt }
    return (await quarantine.take(verified)) !== undefined
  } finally {
    await handle.close()
  }
}

function* howToGoOn(sources: readonly Source[], quarantine: string): Generator<RunEvent> {
  for (const { path, location } of sources) {
    const [from, to] = [shownPath(joinBytePath(bytePathOf(quarantine), location)), shownPath(path)]
    const command = formatWords(['cp', '-an', `${from}/.`, `${to}/`])
    yield { kind: 'note', message: `to have them back: ${command} (receipts.jsonl there tells of each one)` }
  }
  const command = formatWords(['rm', '-r', quarantine])
  yield { kind: 'note', message: `they still take their space; when you are sure, delete them yourself: ${command}` }
}
