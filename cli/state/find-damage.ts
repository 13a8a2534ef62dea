import { type FileHandle, open, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as z from 'zod'
import { errorCode } from '../error-code.ts'

/** Of a file of the database: its length in bytes and the CRC-32 of these. */
const checksumsSchema = z.record(z.string(), z.tuple([z.int(), z.int()]))
type Checksums = z.infer<typeof checksumsSchema>

/** Lies among the files of the database, which lets others alone. */
const checksumsName = 'CHECKSUMS'
const chunkBytes = 1 << 20

/** What LevelDB calls its files, and ours. */
const fileNames = /^(CURRENT|LOCK|LOG(\.old)?|CHECKSUMS(\.new)?|MANIFEST-\d+|\d+\.(ldb|sst|log|dbtmp))$/

/**
 * What is wrong with the files of a database that is closed, in a few words; undefined where nothing shows. It is for what
 * LevelDB itself would not notice: a damaged table makes it believe anything, or end the process by an assertion; what a
 * damaged log held, or one that is gone, it leaves out without a word.
 */
export async function findDamage(path: string): Promise<string | undefined> {
  const odd = await findNoFile(path)
  if (odd !== undefined) return `${odd} is no file`
  const current = await readIfThere(join(path, 'CURRENT'))
  if (current !== undefined && !/^MANIFEST-\d+\n$/.test(current)) return 'CURRENT names no manifest'
  const checksums = await readChecksums(path)
  const names = await findContents(path)
  // Each opening begins a manifest: a run that was killed since has another one, and may have removed what it needed no more.
  const isAsClosed = checksums[current?.trimEnd() ?? ''] !== undefined
  const missing = isAsClosed ? Object.keys(checksums).find((name) => !names.includes(name)) : undefined
  if (missing !== undefined) return `${missing} is gone`
  for (const name of names) {
    const expected = checksums[name]
    if (expected === undefined) continue // of a run that was killed; or a file of somebody else's
    const [sizeBytes, crc] = await checksumOf(join(path, name))
    if (sizeBytes !== expected[0] || crc !== expected[1]) return `${name} has other bytes than were written`
  }
  return undefined
}

/**
 * Writes down what the files of a closed database are like. None of them is written to again; tables of before are not even read
 * again. Log and manifest are brought to the disk first: a power failure must not make less of them than is written down here.
 * Where it is not written, nothing is noticed then.
 */
export async function writeChecksums(path: string): Promise<void> {
  const before = await readChecksums(path)
  const checksums: Checksums = {}
  for (const name of await findContents(path)) {
    const isTable = name.endsWith('.ldb')
    if (!isTable) await bringToDisk(join(path, name))
    checksums[name] = (isTable ? before[name] : undefined) ?? (await checksumOf(join(path, name)))
  }
  const json = JSON.stringify(checksums)
  if (json === JSON.stringify(before)) return
  const target = join(path, checksumsName)
  await writeFile(`${target}.new`, `${crc32(json)} ${json}\n`, { mode: 0o600 })
  await rename(`${target}.new`, target)
}

/** Nothing where the file is not there, or is damaged itself. */
async function readChecksums(path: string): Promise<Checksums> {
  const text = (await readIfThere(join(path, checksumsName))) ?? ''
  const space = text.indexOf(' ')
  const json = text.slice(space + 1).trimEnd()
  if (space < 0 || text.slice(0, space) !== String(crc32(json))) return {}
  return parseChecksums(json) ?? {}
}

function parseChecksums(json: string): Checksums | undefined {
  try {
    return checksumsSchema.safeParse(JSON.parse(json)).data
  } catch {
    return undefined
  }
}

/** The name of one that ought to be a file, and is a folder, a link or the like. */
async function findNoFile(path: string): Promise<string | undefined> {
  const entries = await readdir(path, { withFileTypes: true })
  return entries.find((entry) => fileNames.test(entry.name) && !entry.isFile())?.name
}

/** Tables, the log of what is in none yet, and the manifest that names both. */
async function findContents(path: string): Promise<readonly string[]> {
  return (await readdir(path)).filter((name) => /^(\d+\.(ldb|log)|MANIFEST-\d+)$/.test(name)).toSorted()
}

/** LevelDB does so with tables itself. */
async function bringToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r+') // Windows wants a handle that may write
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

async function checksumOf(path: string): Promise<[sizeBytes: number, crc: number]> {
  const handle = await open(path, 'r')
  try {
    return await readChecksum(handle)
  } finally {
    await handle.close()
  }
}

async function readChecksum(handle: FileHandle): Promise<[sizeBytes: number, crc: number]> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let crc = 0
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position)
    if (bytesRead === 0) return [position, crc]
    crc = crc32(buffer.subarray(0, bytesRead), crc)
    position += bytesRead
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
