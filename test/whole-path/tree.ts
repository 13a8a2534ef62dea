import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'

export interface FileInTree {
  /** SHA-256 in hexadecimal digits. */
  readonly contentHash: string
  readonly sizeBytes: number
  readonly modifiedMicroseconds: bigint
}

/** The regular files below a folder by their path in it, one character a byte; nothing is left out. */
export async function readTree(folder: string): Promise<ReadonlyMap<string, FileInTree>> {
  const files = new Map<string, FileInTree>()
  for (const path of await listTree(folder)) {
    const name = Buffer.from(`${folder}/${path}`, 'latin1')
    const stats = await lstat(name, { bigint: true })
    if (!stats.isFile()) continue
    files.set(path, {
      contentHash: await hashOf(name),
      sizeBytes: Number(stats.size),
      modifiedMicroseconds: stats.mtimeNs / 1000n,
    })
  }
  return files
}

/** Paths of all that is not a folder, in byte order, one character a byte. */
export async function listTree(folder: string): Promise<readonly string[]> {
  const paths: string[] = []
  const visit = async (inside: string): Promise<void> => {
    // What is moved away while this looks is not there.
    const entries = await readdir(Buffer.from(`${folder}/${inside}`, 'latin1'), {
      withFileTypes: true,
      encoding: 'latin1',
    }).catch(() => [])
    for (const entry of entries) {
      if (entry.isDirectory()) await visit(`${inside}${entry.name}/`)
      else paths.push(`${inside}${entry.name}`)
    }
  }
  await visit('')
  return paths.toSorted()
}

async function hashOf(name: Buffer): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(name), hash)
  return hash.digest('hex')
}

/** How often each content is there. */
export function contentHashesOf(tree: ReadonlyMap<string, FileInTree>): ReadonlySet<string> {
  return new Set([...tree.values()].map(({ contentHash }) => contentHash))
}

/** Writes files, each with a modification time of its own that has a fraction of a second. */
export async function writeTree(folder: string, files: Readonly<Record<string, Buffer | string>>): Promise<void> {
  for (const [index, [path, bytes]] of Object.entries(files).entries()) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
    const seconds = 1_500_000_000 + index * 86_400 + 0.123456
    await utimes(join(folder, path), seconds, seconds)
  }
}
