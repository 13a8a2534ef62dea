import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type ExifTags, exifTagsSchema } from './exif-tags.ts'

export interface ExifReader {
  /**
   * The tags of a JPEG, PNG, TIFF, HEIC, or of a bare EXIF block. What cannot be read has no tags, whatever the bytes are;
   * it rejects only where the thread cannot be started, which says that the installation is broken, not the file.
   */
  read(bytes: Uint8Array): Promise<ExifTags>
  close(): Promise<void>
}

const noTags = exifTagsSchema.parse(null)

/**
 * exifr in one worker thread, which is used again for every file, and replaced after one that took longer than
 * `timeoutMs` or more memory than tags ever need (`bad/exif` in the corpus has both kinds). Files are read one after the
 * other, so a file's time runs only while it is being read. The thread never keeps a process alive.
 */
export function openExifReader(options: { readonly timeoutMs: number }): ExifReader {
  let worker: Worker | undefined
  let turn: Promise<unknown> = Promise.resolve()

  async function runningWorker(): Promise<Worker> {
    if (worker) return worker
    const started = await startWorker()
    started.once('exit', () => {
      if (worker === started) worker = undefined
    })
    worker = started
    return started
  }

  async function readNow(bytes: Uint8Array): Promise<ExifTags> {
    const asked = await runningWorker()
    const answer = await ask(asked, bytes, options.timeoutMs)
    if (answer.kind === 'answered') return exifTagsSchema.parse(answer.tags)
    await asked.terminate()
    return noTags
  }

  return {
    read(bytes) {
      const reading = turn.then(() => readNow(bytes))
      turn = reading.catch(() => undefined)
      return reading
    },
    async close() {
      await turn
      await worker?.terminate()
      worker = undefined
    },
  }
}

/** Resolves when the thread has loaded exifr, so that a slow start is not held against the file that waits for it. */
async function startWorker(): Promise<Worker> {
  const worker = new Worker(new URL('./exif-worker.mjs', import.meta.url), {
    name: 'exif',
    // Nothing of the process is the reader's business: not its environment, not its flags (a test runner's would break it).
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
  })
  await once(worker, 'message')
  // Between reads nobody listens; an 'error' without a listener would end the process.
  worker.on('error', () => undefined)
  worker.unref()
  return worker
}

type Answer = { readonly kind: 'answered'; readonly tags: unknown } | { readonly kind: 'failed' }

async function ask(worker: Worker, bytes: Uint8Array, timeoutMs: number): Promise<Answer> {
  // A copy of just these bytes, handed over: posting a view would clone the whole buffer under it.
  const copy = new Uint8Array(bytes)
  const settled = new AbortController()
  // This timer also keeps the process alive while a read is under way, which the thread does not.
  const timer = setTimeout(() => settled.abort(), timeoutMs)
  try {
    const answered = once(worker, 'message', { signal: settled.signal })
    const ended = once(worker, 'exit', { signal: settled.signal })
    ended.catch(() => undefined)
    worker.postMessage(copy, [copy.buffer])
    return await Promise.race([
      answered.then(([tags]): Answer => ({ kind: 'answered', tags })),
      ended.then((): Answer => ({ kind: 'failed' })),
    ])
  } catch {
    return { kind: 'failed' }
  } finally {
    clearTimeout(timer)
    settled.abort()
  }
}
