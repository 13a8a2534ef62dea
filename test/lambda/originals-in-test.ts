import { createHash, randomBytes } from 'node:crypto'
import { putBytes } from '../../cli/remote/put.ts'
import type { Remote } from '../../cli/remote/remote.ts'
import { contentHashOf } from '../../contract/content-hash.ts'
import type { BeginUpload, UploadCandidate } from '../../contract/transfers.ts'
import type { UploadSizes } from '../../lambda/photos/upload-sizes.ts'
import type { LibraryInTest } from '../embedded/library-in-test.ts'

export const mebibyte = 2 ** 20

/** What is large begins sooner here: an original of {@link largeBytes} arrives in parts, and is stored in more than one. */
export const uploadSizes: UploadSizes = {
  maximumPutBytes: 8 * mebibyte,
  minimumPartBytes: 2 * mebibyte,
  maximumInMemoryBytes: 8 * mebibyte,
}
/** The last part that is stored is smaller than the others. */
export const largeBytes = 17 * mebibyte
/** Of the parts in which it arrives; the last one is smaller, too. */
export const largeParts: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9]

export interface OriginalInTest {
  readonly bytes: Buffer
  readonly candidate: UploadCandidate
}

/** Bytes that no other test has, of which nothing can be decoded. */
export function randomOriginal(sizeBytes: number): OriginalInTest {
  return originalOf(randomBytes(sizeBytes), 'video/mp4')
}

export function originalOf(bytes: Buffer, contentType: string): OriginalInTest {
  const contentHash = contentHashOf(createHash('sha256').update(bytes).digest())
  return { bytes, candidate: { contentHash, sizeBytes: bytes.length, contentType } }
}

export async function begin(remote: Remote, { candidate }: OriginalInTest): Promise<BeginUpload> {
  const [begun] = await remote.beginUploads([candidate])
  if (begun === undefined) throw new Error('no answer')
  return begun
}

/** Begins and sends an original that fits into one request. */
export async function send(library: LibraryInTest, original: OriginalInTest, remote = library.remote): Promise<void> {
  const begun = await begin(remote, original)
  if (begun.kind !== 'put') throw new Error(`expected a put, got ${begun.kind}`)
  await putBytes(begun.request, original.bytes, { transport: library.transport, onMoved: () => {} })
}

/** Sends, and waits for the backend to be done with it. */
export async function store(library: LibraryInTest, original: OriginalInTest, remote = library.remote): Promise<void> {
  await send(library, original, remote)
  await library.backend.queue.whenIdle()
}

/** Sends the given parts (1-based) of an original that goes up in parts. */
export async function sendParts(
  library: LibraryInTest,
  { bytes, candidate }: OriginalInTest,
  begun: Extract<BeginUpload, { kind: 'parts' }>,
  partNumbers: readonly number[],
): Promise<void> {
  for (const partNumber of partNumbers) {
    const part = bytes.subarray((partNumber - 1) * begun.partSizeBytes, partNumber * begun.partSizeBytes)
    const checksumSha256 = createHash('sha256').update(part).digest('base64')
    const parts = [{ partNumber, sizeBytes: part.length, checksumSha256 }]
    const [request] = await library.remote.signParts({ contentHash: candidate.contentHash, uploadId: begun.uploadId, parts })
    if (request === undefined) throw new Error('no request was signed')
    await putBytes(request, part, { transport: library.transport, onMoved: () => {} })
  }
}
