import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Large enough that a write costs little more than its copy, small enough that a hundred uploads fit into memory. */
const batchBytes = 1024 ** 2

/** Fills a new file by `write` and returns once its bytes are on the disk. The caller removes it when this throws. */
export async function writeDurableFile<T>(path: string, write: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, 'wx', 0o600)
  try {
    const result = await write(handle)
    await handle.sync()
    return result
  } finally {
    await handle.close()
  }
}

/** One batch is written while the next one arrives; never more than two are in memory. */
export async function writeChunks(handle: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  let batch: Buffer[] = []
  let collectedBytes = 0
  let writing: Promise<void> = Promise.resolve()
  try {
    for await (const chunk of chunks) {
      batch.push(chunk)
      collectedBytes += chunk.length
      if (collectedBytes < batchBytes) continue
      await writing
      writing = writeBatch(handle, batch)
      writing.catch(() => undefined) // awaited below; without this, a failure before then would end the process
      batch = []
      collectedBytes = 0
    }
  } finally {
    await writing
  }
  await writeBatch(handle, batch)
}

/** A file system that is nearly full may take a part of a batch; the next call then says what is wrong. */
async function writeBatch(handle: FileHandle, batch: readonly Buffer[]): Promise<void> {
  let rest = batch.filter((chunk) => chunk.length > 0)
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest)
    rest = rest.flatMap((chunk) => {
      const written = Math.min(bytesWritten, chunk.length)
      bytesWritten -= written
      return written < chunk.length ? [chunk.subarray(written)] : []
    })
  }
}

/** Appends all of one file to another through one buffer; `onBytes` sees them on the way. */
export async function appendFile(source: FileHandle, target: FileHandle, onBytes?: (bytes: Buffer) => void): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(batchBytes)
  for (let position = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    onBytes?.(buffer.subarray(0, bytesRead))
    await writeBatch(target, [buffer.subarray(0, bytesRead)])
    position += bytesRead
  }
}

/** Renames within one file system, makes the folders on the way, and returns once all of it survives a power cut. */
export async function moveDurably(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!isMissing(error)) throw error
    await makeFolderDurably(dirname(to))
    await rename(from, to)
  }
  await syncFolder(dirname(to))
}

/** Makes a folder and its parents; 0700 at most. */
export async function makeFolderDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** A name is durable only once the folder that holds it is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
