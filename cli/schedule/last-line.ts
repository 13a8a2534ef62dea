import { open } from 'node:fs/promises'

/** More than any line of a log has. */
const tailBytes = 16 * 1024

/** The last line of a text file, without its end; undefined where there is none, or where it cannot be read. */
export async function findLastLine(path: string): Promise<string | undefined> {
  try {
    await using handle = await open(path, 'r')
    const { size } = await handle.stat()
    const tail = Buffer.alloc(Math.min(size, tailBytes))
    const { bytesRead } = await handle.read(tail, 0, tail.length, size - tail.length)
    return tail.toString('utf8', 0, bytesRead).trimEnd().split('\n').at(-1) || undefined
  } catch {
    return undefined
  }
}
