import type { ContentHash } from '../../contract/content-hash.ts'
import type { FileAction, RunEvent } from '../run-event.ts'
import { type ScannedFile, shownPathOf } from './scan.ts'

export function failed(file: ScannedFile, reason: string): RunEvent {
  const { sizeBytes } = file.fingerprint
  return { kind: 'file', outcome: { action: 'failed', path: shownPathOf(file), sizeBytes, reason } }
}

export function skipped(file: ScannedFile, reason: string): RunEvent {
  const { sizeBytes } = file.fingerprint
  return { kind: 'file', outcome: { action: 'skipped', path: shownPathOf(file), sizeBytes, reason } }
}

export function succeeded(file: ScannedFile, action: FileAction, contentHash: ContentHash): RunEvent {
  const { sizeBytes } = file.fingerprint
  return { kind: 'file', outcome: { action, path: shownPathOf(file), sizeBytes, contentHash } }
}

/** Remembered as backed up; nobody has looked into it. */
export function remembered(file: ScannedFile, contentHash: ContentHash): RunEvent {
  const { sizeBytes } = file.fingerprint
  const outcome = { action: 'already_stored' as const, path: shownPathOf(file), sizeBytes, contentHash }
  return { kind: 'file', outcome: { ...outcome, isRemembered: true } }
}

/** In a dry run: it would be backed up without bytes of its own going up. */
export function wouldJoin(file: ScannedFile, contentHash: ContentHash, reason: string): RunEvent {
  const { sizeBytes } = file.fingerprint
  const outcome = { action: 'would_upload' as const, path: shownPathOf(file), sizeBytes, contentHash, reason }
  return { kind: 'file', outcome: { ...outcome, movesNoBytes: true } }
}

/** In a dry run: stored by the time its turn comes, as another file that would be sent has the same bytes. */
export function wouldBeCopy(file: ScannedFile, contentHash: ContentHash): RunEvent {
  const { sizeBytes } = file.fingerprint
  const reason = 'same bytes as another file'
  return { kind: 'file', outcome: { action: 'already_stored', path: shownPathOf(file), sizeBytes, contentHash, reason } }
}
