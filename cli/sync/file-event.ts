import type { ContentHash } from '../../contract/content-hash.ts'
import type { FileAction, FileOutcome, RunEvent } from '../run-event.ts'
import { shownPath } from './byte-path.ts'
import { pathOf, type ScannedFile } from './scan.ts'

export function failed(file: ScannedFile, reason: string): RunEvent {
  return { kind: 'file', outcome: { ...describe(file), action: 'failed', reason } }
}

export function skipped(file: ScannedFile, reason: string): RunEvent {
  return { kind: 'file', outcome: { ...describe(file), action: 'skipped', reason } }
}

export function succeeded(file: ScannedFile, action: FileAction, contentHash: ContentHash): RunEvent {
  return { kind: 'file', outcome: { ...describe(file), action, contentHash } }
}

function describe(file: ScannedFile): Pick<FileOutcome, 'path' | 'sizeBytes'> {
  return { path: shownPath(pathOf(file)), sizeBytes: file.fingerprint.sizeBytes }
}
