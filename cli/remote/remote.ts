import type { ContentHash } from '../../contract/content-hash.ts'
import type { FindPhotoResponse, ListEntry, UsageResponse } from '../../contract/photos.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import type {
  AbandonedUpload,
  BeginUpload,
  CompleteUploadResponse,
  Confirmation,
  ConfirmCandidate,
  SignedRequest,
  SignPartsRequest,
  UnfinishedUpload,
  UploadCandidate,
} from '../../contract/transfers.ts'
import type { Restored, Trashed } from '../../contract/trash.ts'
import type { Verification } from '../../contract/verifications.ts'
import type { SignRequest } from './signed-attempts.ts'
import type { ThawCall } from './thaw.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Wall-time bounds of a list: `from` inclusive, `before` exclusive (`2021-06-01T00:00:00`). */
export interface ListRange {
  readonly from?: string | undefined
  readonly before?: string | undefined
  readonly undated?: boolean | undefined
  /** What is in the trash, and nothing else; the bounds are then not looked at. */
  readonly trashed?: boolean | undefined
}

/**
 * The backend as the CLI sees it. Every call retries what may be retried, answers in the order asked, and throws a
 * `UserError` with exit code 5 when the remote cannot be reached and 12 when it does not accept the session.
 * Batches hold at most `maximumBatchSize` items.
 */
export interface Remote {
  readonly configuration: RemoteConfiguration
  beginUploads(originals: readonly UploadCandidate[], options?: CallOptions): Promise<readonly BeginUpload[]>
  signParts(request: SignPartsRequest, options?: CallOptions): Promise<readonly SignedRequest[]>
  completeUpload(contentHash: ContentHash, uploadId: string, options?: CallOptions): Promise<CompleteUploadResponse>
  /** Gives up uploads in parts. An older remote cannot, and answers nothing: there they expire. */
  abandonUploads(uploads: readonly UnfinishedUpload[], options?: CallOptions): Promise<readonly AbandonedUpload[]>
  /** With `checkUploads`, also tells uploads that were lost or refused; that costs the remote more. */
  confirm(
    photos: readonly ConfirmCandidate[],
    options?: CallOptions & { readonly checkUploads?: boolean },
  ): Promise<readonly Confirmation[]>
  /** Every photo of the range with its locations after it; pages are fetched as they are needed. */
  listPhotos(range: ListRange, options?: CallOptions): AsyncIterable<ListEntry>
  findPhoto(contentHash: ContentHash, options?: CallOptions): Promise<FindPhotoResponse | undefined>
  /** For the original of a list's entry. Signed on this machine: the API is not asked, however many there are. */
  signDownload(originalKey: string, options?: CallOptions): SignRequest
  /** The same for an original that lies in an archive: how it lies there, or that it be thawed. */
  signThaw(originalKey: string, call: ThawCall, options?: CallOptions): SignRequest
  /** Asks that stored originals be read again; resolves with the id to ask by. */
  beginVerification(contentHashes: readonly ContentHash[], options?: CallOptions): Promise<string>
  findVerifications(
    verificationId: string,
    contentHashes: readonly ContentHash[],
    options?: CallOptions,
  ): Promise<readonly Verification[]>
  usage(options?: CallOptions): Promise<Omit<UsageResponse, 'cursor'>>
  /** From now on the photo is in no list and asked for by no sync. Nothing of it is deleted. */
  trash(contentHashes: readonly ContentHash[], options?: CallOptions): Promise<readonly Trashed[]>
  /** Takes photos out of the trash again. */
  restore(contentHashes: readonly ContentHash[], options?: CallOptions): Promise<readonly Restored[]>
}
