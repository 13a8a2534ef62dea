import type { ContentHash } from '../../contract/content-hash.ts'
import type { Clock } from '../remote/retry.ts'
import { createWaitingLine } from '../waiting-line.ts'
import type { HashedFile } from './hash.ts'

/** One original on its way: its bytes go up once, however many files hold them. */
export interface Original {
  readonly contentHash: ContentHash
  readonly sizeBytes: number
  readonly contentType: string
  /** The files that wait for its confirmation; more may join until then. They are taken out by {@link OriginalsInFlight} only. */
  readonly files: HashedFile[]
  /** The file whose bytes this run has sent. */
  uploadedFrom: HashedFile | undefined
}

export interface OriginalsInFlight {
  /** The original that is to go up for this file; undefined when the file has joined one that is in flight. */
  join(hashed: HashedFile): Original | undefined
  /** Resolves once there is room for one more file, which is when others have been taken out. Rejects with the signal's reason. */
  room(signal: AbortSignal): Promise<void>
  /** Takes out the first files of an original. */
  take(original: Original, count: number): readonly HashedFile[]
  /** It is confirmed or has failed: the next file with the same bytes asks the remote again. Takes out the files that are left. */
  leave(original: Original): readonly HashedFile[]
  /** The remote has looked just now, and it is stored there. */
  rememberStored(contentHash: ContentHash): void
  /** It is not, or nobody knows any more. */
  forgetStored(contentHash: ContentHash): void
  /** Whether the remote has looked so shortly ago that it need not look again for each further file with the same bytes. */
  isStored(contentHash: ContentHash): boolean
}

/** Nobody but the owner's own hands can take an original away, and what was told before they did was as true. */
const storedForMs = 5 * 60 * 1000
/** Of copies that lie further apart, each costs a question. About 3 MB. */
const mostStored = 20_000
/** So many files wait for their originals before no more are read, however many hold the same bytes. A few megabytes. */
const mostFiles = 5000

export function createOriginalsInFlight(clock: Pick<Clock, 'elapsed'>): OriginalsInFlight {
  const inFlight = new Map<ContentHash, Original>()
  /** When the remote has looked last, the longest ago first. */
  const storedAtMs = new Map<ContentHash, number>()
  const line = createWaitingLine<void>()
  let files = 0

  const take = (original: Original, count: number): readonly HashedFile[] => {
    const taken = original.files.splice(0, count)
    files -= taken.length
    line.serve()
    return taken
  }

  return {
    async room(signal) {
      while (files >= mostFiles) {
        signal.throwIfAborted()
        await line.join(signal)
      }
    },
    join(hashed) {
      const { contentHash, contentType, file } = hashed
      files += 1
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
    take,
    leave(original) {
      inFlight.delete(original.contentHash)
      return take(original, original.files.length)
    },
    rememberStored(contentHash) {
      storedAtMs.delete(contentHash)
      storedAtMs.set(contentHash, clock.elapsed())
      const [oldest] = storedAtMs.keys()
      if (storedAtMs.size > mostStored && oldest !== undefined) storedAtMs.delete(oldest)
    },
    forgetStored(contentHash) {
      storedAtMs.delete(contentHash)
    },
    isStored(contentHash) {
      const atMs = storedAtMs.get(contentHash)
      return atMs !== undefined && clock.elapsed() - atMs < storedForMs
    },
  }
}

/** Passes on every original once while it is in flight. Reads no further while very many files wait: those in flight need no others. */
export async function* gatherOriginals(
  hashed: AsyncIterable<HashedFile>,
  inFlight: OriginalsInFlight,
  signal: AbortSignal,
): AsyncGenerator<Original> {
  for await (const file of hashed) {
    await inFlight.room(signal)
    const original = inFlight.join(file)
    if (original) yield original
  }
}
