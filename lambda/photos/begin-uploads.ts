import { uploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import { describeTooLarge } from '../../contract/room-for-originals.ts'
import type { BeginUpload, UploadCandidate } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import { findStored } from './find-stored.ts'
import type { MultipartUpload } from './multipart-uploads.ts'
import type { UploadSizes } from './upload-sizes.ts'

const maximumParts = 10_000

/**
 * An upload that waits this long was not processed and will not be, for instance because the storage was full: it is
 * taken away and asked for anew, which makes a new event.
 */
const staleAfterMs = 60 * 60 * 1000

/** What must be sent of each original, in the order asked. */
export async function beginUploads(
  owner: Owner,
  originals: readonly UploadCandidate[],
  backend: Backend,
): Promise<readonly BeginUpload[]> {
  const hashes = originals.map((original) => original.contentHash)
  const [known, maximumSizeBytes] = await Promise.all([findStored(owner, hashes, backend), backend.maximumOriginalSizeBytes()])

  return await Promise.all(
    originals.map(async (original): Promise<BeginUpload> => {
      const { contentHash, sizeBytes } = original
      const record = known.get(contentHash)
      if (record !== undefined) return { kind: record.trashedAt === undefined ? 'stored' : 'trashed', contentHash }
      if (sizeBytes > maximumSizeBytes)
        return { kind: 'refused', contentHash, reason: describeTooLarge(sizeBytes, maximumSizeBytes) }
      return await beginUpload(owner, original, backend)
    }),
  )
}

async function beginUpload(owner: Owner, original: UploadCandidate, backend: Backend): Promise<BeginUpload> {
  const { contentHash } = original
  const key = uploadKey(owner, contentHash)
  const arrival = await backend.uploads.findArrival(key)
  if (arrival !== undefined) {
    if (backend.now().getTime() - arrival.getTime() < staleAfterMs) return { kind: 'processing', contentHash }
    await backend.uploads.remove(key)
  }
  if (original.sizeBytes > backend.uploadSizes.maximumPutBytes) return await beginParts(owner, original, backend)
  return { kind: 'put', contentHash, request: await backend.signer.put(backend.uploads.name, key, original) }
}

async function beginParts(owner: Owner, original: UploadCandidate, backend: Backend): Promise<BeginUpload> {
  const { contentHash } = original
  const key = uploadKey(owner, contentHash)
  const resumed = await backend.multipartUploads.find(owner, contentHash)
  if (resumed !== undefined && resumed.sizeBytes === original.sizeBytes) {
    const parts = await backend.uploads.findParts(key, resumed.uploadId)
    if (parts !== undefined) {
      const uploadedPartNumbers = parts.map((part) => part.partNumber)
      return { kind: 'parts', contentHash, uploadId: resumed.uploadId, partSizeBytes: resumed.partSizeBytes, uploadedPartNumbers }
    }
  }
  const { uploadId, partSizeBytes } = await createMultipart(owner, original, resumed, backend)
  return { kind: 'parts', contentHash, uploadId, partSizeBytes, uploadedPartNumbers: [] }
}

/** Of clients that begin the same original at once, one wins and the others send their parts to its upload. */
async function createMultipart(
  owner: Owner,
  { contentHash, sizeBytes, contentType }: UploadCandidate,
  previous: MultipartUpload | undefined,
  backend: Backend,
): Promise<MultipartUpload> {
  const key = uploadKey(owner, contentHash)
  const uploadId = await backend.uploads.createMultipart(key, contentType)
  const created = { uploadId, sizeBytes, partSizeBytes: partSizeFor(sizeBytes, backend.uploadSizes) }
  if (await backend.multipartUploads.put(owner, contentHash, created, previous)) return created
  await backend.uploads.abortMultipart(key, uploadId)
  const winner = await backend.multipartUploads.find(owner, contentHash)
  if (winner === undefined) throw new Error('a multipart upload began and ended while another one began')
  return winner
}

function partSizeFor(sizeBytes: number, { minimumPartBytes }: UploadSizes): number {
  const mebibyte = 2 ** 20
  return Math.max(minimumPartBytes, Math.ceil(sizeBytes / maximumParts / mebibyte) * mebibyte)
}
