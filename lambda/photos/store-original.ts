import { createHash } from 'node:crypto'
import { Readable, Transform } from 'node:stream'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import type { StorageBucket } from '../aws/storage-bucket.ts'
import type { UploadedObject } from '../aws/upload-bucket.ts'
import type { Backend } from '../backend.ts'
import { detectContentType } from './detect-content-type.ts'
import type { UploadTarget } from './upload-target.ts'

/** Bytes at the start of a file from which its type is told. */
const headBytes = 64 * 1024

export type StoredOriginal =
  /** `bytes` is absent where they did not fit into memory. */
  | {
      readonly kind: 'stored'
      readonly key: string
      readonly contentType: string
      readonly sizeBytes: number
      readonly bytes?: Buffer
    }
  | { readonly kind: 'rejected'; readonly reason: string }

const mismatch: StoredOriginal = { kind: 'rejected', reason: 'the bytes that arrived have another SHA-256 than the original' }

/** Reads an uploaded object once, checks that it is what its content hash says, and stores it for good. */
export async function storeOriginal(
  upload: UploadedObject,
  target: UploadTarget,
  { storage, uploadSizes }: Pick<Backend, 'storage' | 'uploadSizes'>,
): Promise<StoredOriginal> {
  return upload.sizeBytes <= uploadSizes.maximumInMemoryBytes
    ? await storeFromMemory(upload, target)
    : await storeByStreaming(upload, target, storage)
}

async function storeFromMemory(upload: UploadedObject, target: UploadTarget): Promise<StoredOriginal> {
  const bytes = await readAll(upload)
  if (contentHashOf(createHash('sha256').update(bytes).digest()) !== target.contentHash) return mismatch
  const contentType = await detectContentType(bytes.subarray(0, headBytes), upload.contentType)
  const key = target.keyOf(contentType)
  await target.put(key, bytes, contentType)
  return { kind: 'stored', key, contentType, sizeBytes: bytes.length, bytes }
}

/** One pass: each piece is hashed on its way, and the last one is held back until the hash is right. */
async function storeByStreaming(upload: UploadedObject, target: UploadTarget, storage: StorageBucket): Promise<StoredOriginal> {
  const { head, body } = await peek(upload.body)
  const contentType = await detectContentType(head, upload.contentType)
  const key = target.keyOf(contentType)
  const stored = { kind: 'stored', key, contentType, sizeBytes: upload.sizeBytes } as const
  if (await storage.has(key)) {
    upload.body.destroy()
    return stored
  }
  try {
    await storage.streamOriginal(key, verified(body, target.contentHash), contentType)
    return stored
  } catch (error) {
    if (error instanceof HashMismatchError) return mismatch
    throw error
  }
}

class HashMismatchError extends Error {
  override readonly name = 'HashMismatchError'
}

/** The same bytes, which end in an error instead of an end when their SHA-256 is another. */
function verified(body: Readable, contentHash: ContentHash): Readable {
  const hash = createHash('sha256')
  const verifying = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      const right = contentHashOf(hash.digest()) === contentHash
      done(right ? null : new HashMismatchError('the streamed bytes have another SHA-256'))
    },
  })
  body.on('error', (error) => verifying.destroy(error))
  return body.pipe(verifying)
}

/** The first bytes of a stream, and a stream that still holds them. */
async function peek(body: Readable): Promise<{ readonly head: Buffer; readonly body: Readable }> {
  const chunks: Buffer[] = []
  let length = 0
  const pieces: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  while (length < headBytes) {
    const piece = await pieces.next()
    if (piece.done) break
    chunks.push(piece.value)
    length += piece.value.length
  }
  async function* whole() {
    yield* chunks.splice(0)
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) yield piece.value
  }
  return { head: Buffer.concat(chunks), body: Readable.from(whole(), { objectMode: false }) }
}

async function readAll(upload: UploadedObject): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(upload.sizeBytes)
  let length = 0
  for await (const chunk of upload.body) {
    if (length + chunk.length > bytes.length) throw new Error('S3 sent more bytes than it announced')
    length += chunk.copy(bytes, length)
  }
  if (length < bytes.length) throw new Error('S3 sent fewer bytes than it announced')
  return bytes
}
