import type { Photo } from '../../contract/photos.ts'
import { type BytePath, joinBytePath } from '../byte-path.ts'
import type { FileOutcome } from '../run-event.ts'
import { compareFile } from './file-comparison.ts'
import { correctModificationTime } from './modification-time.ts'
import type { PhotoGroup } from './photo-groups.ts'
import { describe, failureOf } from './pull-photo.ts'
import { candidatePaths, type Target, targetsOf } from './targets.ts'

export interface DiskOptions {
  readonly to: BytePath
  /** Nothing is written, and what is missing ends as `would_pull`. */
  readonly dryRun: boolean
  readonly signal?: AbortSignal | undefined
}

/** What is known of a photo after a look at the disk: what has an outcome already, and what must be downloaded. */
export interface PhotoOnDisk {
  readonly photo: Photo
  readonly originalKey: string
  readonly outcomes: readonly FileOutcome[]
  readonly missing: readonly Target[]
}

/** Which of a photo's targets are there already. Reads those of the right size; sets a modification time right. */
export async function lookAtDisk(group: PhotoGroup, options: DiskOptions): Promise<PhotoOnDisk> {
  const { photo, originalKey } = group
  const { targets, refused } = targetsOf(group)
  const outcomes: FileOutcome[] = refused.map(({ shownPath, reason }) => ({
    ...describe(photo, ''),
    path: shownPath,
    action: 'failed',
    reason,
  }))
  const missing: Target[] = []
  for (const target of targets) {
    const outcome = await lookAt(target, photo, options)
    if (outcome === undefined) missing.push(target)
    else outcomes.push(wouldMoveAgain(outcome, outcomes) ? { ...outcome, movesNoBytes: true } : outcome)
  }
  return { photo, originalKey, outcomes, missing }
}

/** An original is downloaded once, for all of its targets here. */
function wouldMoveAgain({ action }: FileOutcome, before: readonly FileOutcome[]): boolean {
  return action === 'would_pull' && before.some((other) => other.action === action)
}

/** Undefined where the target must be downloaded. */
async function lookAt(target: Target, photo: Photo, options: DiskOptions): Promise<FileOutcome | undefined> {
  try {
    for (const path of candidatePaths(target.path, photo.contentHash)) {
      const fullPath = joinBytePath(options.to, path)
      const found = await compareFile(fullPath, photo, options.signal)
      if (found.kind === 'other') continue
      if (found.kind === 'free') return options.dryRun ? { ...describe(photo, path), action: 'would_pull' } : undefined
      if (target.modificationTime !== undefined && !options.dryRun) {
        await correctModificationTime(fullPath, found.modificationNanoseconds, target.modificationTime)
      }
      return { ...describe(photo, path), action: 'unchanged' }
    }
    return { ...describe(photo, target.path), action: 'failed', reason: 'other files have every name for it' }
  } catch (error) {
    return { ...describe(photo, target.path), ...failureOf(error) }
  }
}
