import type { ContentHash } from '../../contract/content-hash.ts'
import type { HashedFile } from './hash.ts'

/** One original on its way: its bytes go up once, however many files hold them. */
export interface Original {
  readonly contentHash: ContentHash
  readonly sizeBytes: number
  readonly contentType: string
  /** The files that wait for its confirmation; more may join until then. */
  readonly files: HashedFile[]
  /** The file whose bytes this run has sent. */
  uploadedFrom: HashedFile | undefined
}

export interface OriginalsInFlight {
  /** The original that is to go up for this file; undefined when the file has joined one that is in flight. */
  join(hashed: HashedFile): Original | undefined
  /** It is confirmed or has failed: the next file with the same bytes asks the remote again. */
  leave(original: Original): void
}

export function createOriginalsInFlight(): OriginalsInFlight {
  const inFlight = new Map<ContentHash, Original>()
  return {
    join(hashed) {
      const { contentHash, contentType, file } = hashed
      const flying = inFlight.get(contentHash)
      if (flying) {
        flying.files.push(hashed)
        return undefined
      }
      const { sizeBytes } = file.fingerprint
      const original: Original = { contentHash, sizeBytes, contentType, files: [hashed], uploadedFrom: undefined }
      inFlight.set(contentHash, original)
      return original
    },
    leave(original) {
      inFlight.delete(original.contentHash)
    },
  }
}

/** Passes on every original once while it is in flight. */
export async function* gatherOriginals(hashed: AsyncIterable<HashedFile>, inFlight: OriginalsInFlight): AsyncGenerator<Original> {
  for await (const file of hashed) {
    const original = inFlight.join(file)
    if (original) yield original
  }
}
