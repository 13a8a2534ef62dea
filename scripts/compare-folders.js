import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * Compares every file of a tree with its copy in another one by their SHA-256, and says what came of it.
 *
 * @param {string} expected @param {string} actual
 * @param {number} storedFiles how many of them there have to be in the other
 * @returns {Promise<number>} an exit code
 */
export async function compareFolders(expected, actual, storedFiles) {
  /** @type {{ identical: number, different: string[], absent: string[] }} */
  const result = { identical: 0, different: [], absent: [] }
  for (const path of await filesBelow(expected)) {
    const copy = join(actual, relative(expected, path))
    const isThere = await stat(copy).then(
      () => true,
      () => false,
    )
    if (!isThere) result.absent.push(path)
    else if ((await contentHash(path)) === (await contentHash(copy))) result.identical++
    else result.different.push(path)
  }
  console.log(`${result.identical} files came back identical (SHA-256)`)
  for (const path of result.absent)
    console.log(`not backed up, since it is not a photo, video or sidecar: ${relative(expected, path)}`)
  for (const path of result.different) console.error(`different: ${relative(expected, path)}`)
  const isComplete = result.different.length === 0 && result.identical === storedFiles
  if (!isComplete) console.error(`${storedFiles} files are stored, and ${result.identical} came back identical`)
  return isComplete ? 0 : 13
}

/** @param {string} folder */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}

/** @param {string} path */
async function contentHash(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
