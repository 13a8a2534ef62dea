import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { type ContentHash, contentHashSchema } from '../../contract/content-hash.ts'
import type { BytePath } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import { sweepLeftovers, writeDurably } from '../session/write-durably.ts'
import { describeFailure } from './level-failure.ts'

const begunUploadSchema = z.object({
  contentHash: contentHashSchema,
  uploadId: z.string(),
  partSizeBytes: z.int().positive(),
  /** Absolute, one character a byte. */
  path: z.string(),
  sizeBytes: z.int().nonnegative(),
  /** Of the file, in milliseconds since 1970. */
  mtimeMs: z.number(),
  /** ISO 8601 in UTC. */
  begunAt: z.iso.datetime(),
})

/** An original that this machine sends in parts, and the file that its bytes come from. */
export type BegunUpload = Omit<z.infer<typeof begunUploadSchema>, 'path' | 'begunAt'> & { readonly path: BytePath }

/**
 * Which originals this machine has begun to send in parts and does not know to be backed up: on the disk before the first part
 * leaves, so that whatever ends the process, the next one knows what lies at the remote. Which parts are there only the remote
 * says. No call fails: what cannot be written is noticed, and expires at the remote by itself.
 */
export interface UploadJournal {
  begun(): readonly BegunUpload[]
  /** Durable when it returns. Takes the place of what was begun of the same original before. */
  begin(upload: BegunUpload): Promise<void>
  /** Nothing of them is to be looked after any more. */
  end(contentHashes: readonly ContentHash[]): Promise<void>
  /** Waits for what is being written. */
  close(): Promise<void>
}

export interface UploadJournalOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told, in lower case and once, that the journal cannot be kept. */
  readonly onTrouble: (message: string) => void
}

/** No remote keeps an unfinished upload as long. */
const keptMs = 30 * 24 * 60 * 60 * 1000

type Entry = z.infer<typeof begunUploadSchema>

/** To be opened by one process at a time: whoever holds the lock of the state. A journal that is damaged is an empty one. */
export async function openUploadJournal(path: string, { now, onTrouble }: UploadJournalOptions): Promise<UploadJournal> {
  let isInTrouble = false
  const notice = (error: unknown): void => {
    if (!isInTrouble) onTrouble(`the journal of large uploads cannot be kept (${describeFailure(error)})`)
    isInTrouble = true
  }
  const entries = new Map<ContentHash, Entry>()
  for (const entry of await readEntries(path).catch(noEntries(notice))) {
    if (now() - Date.parse(entry.begunAt) < keptMs) entries.set(entry.contentHash, entry)
  }

  let writing: Promise<void> = Promise.resolve()
  const write = (): Promise<void> => {
    writing = writing.then(() => writeDurably(path, JSON.stringify([...entries.values()]))).catch(notice)
    return writing
  }

  return {
    begun: () => [...entries.values()],
    async begin(upload) {
      const entry = begunUploadSchema.parse({ ...upload, begunAt: new Date(now()).toISOString() })
      const known = entries.get(upload.contentHash)
      if (known && isSame(known, entry)) return await writing
      entries.set(upload.contentHash, entry)
      await write()
    },
    async end(contentHashes) {
      const isKnown = contentHashes.filter((contentHash) => entries.delete(contentHash)).length > 0
      if (isKnown) await write()
    },
    close: () => writing,
  }
}

function isSame(known: Entry, entry: Entry): boolean {
  return known.uploadId === entry.uploadId && known.path === entry.path && known.mtimeMs === entry.mtimeMs
}

async function readEntries(path: string): Promise<readonly Entry[]> {
  await sweepLeftovers(path)
  return parseEntries(await readFile(path, 'utf8'))
}

function parseEntries(text: string): readonly Entry[] {
  try {
    return z.array(begunUploadSchema).parse(JSON.parse(text))
  } catch {
    return [] // it is replaced as a whole: only a disk at fault damages it, and what it named expires
  }
}

function noEntries(notice: (error: unknown) => void): (error: unknown) => readonly Entry[] {
  return (error) => {
    if (errorCode(error) !== 'ENOENT') notice(error)
    return []
  }
}
