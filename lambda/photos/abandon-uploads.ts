import { uploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { AbandonedUpload, UnfinishedUpload } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'

/**
 * Machines of one owner that hold the same original share its upload: one that no longer has the file must not take away what
 * another one is sending. A part in so long is slower than any line; what is left alone here expires.
 */
const inUseMs = 60 * 60 * 1000

/** Takes away what is there of uploads in parts that nobody will complete, in the order asked. They are the owner's own by their keys. */
export async function abandonUploads(
  owner: Owner,
  uploads: readonly UnfinishedUpload[],
  backend: Backend,
): Promise<readonly AbandonedUpload[]> {
  return await Promise.all(uploads.map((upload) => abandonUpload(owner, upload, backend)))
}

async function abandonUpload(
  owner: Owner,
  { contentHash, uploadId }: UnfinishedUpload,
  { uploads, multipartUploads, now }: Backend,
): Promise<AbandonedUpload> {
  const key = uploadKey(owner, contentHash)
  const parts = await uploads.findParts(key, uploadId)
  if (parts?.some(({ arrivedAt }) => now().getTime() - arrivedAt.getTime() < inUseMs)) return { kind: 'in-use', contentHash }
  // The record goes last, so that asking again after a failure in between finds what is left to do.
  if (parts !== undefined) await uploads.abortMultipart(key, uploadId)
  await multipartUploads.remove(owner, contentHash, uploadId)
  return { kind: 'gone', contentHash }
}
