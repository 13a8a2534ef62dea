import type { ContentHash } from '../../contract/content-hash.ts'
import { uploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { CompleteUploadResponse } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import { findStored } from './find-stored.ts'

/** Makes one object of the parts, once all of them are there. May be repeated, also after it succeeded. */
export async function completeUpload(
  owner: Owner,
  contentHash: ContentHash,
  uploadId: string,
  backend: Backend,
): Promise<CompleteUploadResponse> {
  const key = uploadKey(owner, contentHash)
  const begun = await backend.multipartUploads.find(owner, contentHash)
  const known = begun?.uploadId === uploadId ? begun : undefined
  const parts = known && (await backend.uploads.findParts(key, uploadId))
  if (known === undefined || parts === undefined) return await completedEarlier(owner, contentHash, backend)

  const uploaded = new Set(parts.map((part) => part.partNumber))
  const partCount = Math.ceil(known.sizeBytes / known.partSizeBytes)
  const missingPartNumbers = range(1, partCount).filter((partNumber) => !uploaded.has(partNumber))
  if (missingPartNumbers.length > 0) return { kind: 'incomplete', missingPartNumbers }

  await backend.uploads.completeMultipart(key, uploadId, parts)
  await backend.multipartUploads.remove(owner, contentHash, uploadId)
  return { kind: 'completed' }
}

/** S3 forgets a multipart upload when it completes: an answer that got lost is found again here. */
async function completedEarlier(owner: Owner, contentHash: ContentHash, backend: Backend): Promise<CompleteUploadResponse> {
  const arrived = (await backend.uploads.findArrival(uploadKey(owner, contentHash))) !== undefined
  const indexed = arrived || (await findStored(owner, [contentHash], backend)).has(contentHash)
  return { kind: arrived || indexed ? 'completed' : 'unknown' }
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
