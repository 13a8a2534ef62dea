import type { ContentHash } from '../../contract/content-hash.ts'
import { findMediaTypeByName } from '../../contract/media-types.ts'
import type { BeginUpload } from '../../contract/transfers.ts'
import { type FileRecord, isSameFile } from '../state/file-record.ts'
import { locationPathOf, type ScannedFile } from './scan.ts'

export const notMediaReason = 'not a photo, video or sidecar'
/** Of sidecars that their content tells, not their name. */
export const jsonContentType = 'application/json'

/** What to do with a scanned file, by what is remembered of it. */
export type FilePlan =
  /** Confirmed under this very location before. */
  | { readonly kind: 'already-stored'; readonly contentHash: ContentHash }
  | { readonly kind: 'skip'; readonly reason: string }
  /** Its content hash is known; the remote has not confirmed it. */
  | { readonly kind: 'ask'; readonly contentHash: ContentHash }
  | { readonly kind: 'hash' }

export function planFile(file: ScannedFile, record: FileRecord | undefined): FilePlan {
  if (record === undefined || !isSameFile(record.fingerprint, file.fingerprint)) return { kind: 'hash' }
  if (record.contentHash === null) {
    // A later version may know the name.
    const contentType = findMediaTypeByName(file.name)?.contentType ?? jsonContentType
    return contentType === jsonContentType ? { kind: 'skip', reason: notMediaReason } : { kind: 'hash' }
  }
  const isConfirmed = record.confirmedLocationBytes === locationPathOf(file).length
  return { kind: isConfirmed ? 'already-stored' : 'ask', contentHash: record.contentHash }
}

/** What to do with an original, by what the remote answered when it was asked. */
export type UploadPlan =
  /** The remote has the bytes: wait until they are indexed, and register where they were found. */
  | { readonly kind: 'confirm' }
  | { readonly kind: 'send'; readonly upload: Extract<BeginUpload, { kind: 'put' | 'parts' }> }
  /** Nothing is wrong, and nothing is to be done. */
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'fail'; readonly reason: string }

export function planUpload(answer: BeginUpload): UploadPlan {
  switch (answer.kind) {
    case 'stored':
    case 'processing':
      return { kind: 'confirm' }
    case 'put':
    case 'parts':
      return { kind: 'send', upload: answer }
    case 'refused':
      return { kind: 'fail', reason: `the remote refuses it: ${answer.reason}` }
    case 'trashed':
      return { kind: 'skip', reason: trashedReason(answer.contentHash) }
  }
}

/** What its owner has deleted stays deleted, however often a sync comes by its file. */
export function trashedReason(contentHash: ContentHash): string {
  return `deleted from the backup by you; to bring it back: photos trash restore ${contentHash}`
}
