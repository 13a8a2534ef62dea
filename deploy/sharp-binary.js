// Sharp's own code is bundled like any other. Its binary for the functions' machines is what this fetches.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, 'node_modules', '.cache', 'photos')

/** Amazon Linux 2023 on Graviton, on which nodejs24.x with `architecture: arm64` runs. */
const platform = ['--os=linux', '--cpu=arm64', '--libc=glibc']
const packageNames = ['@img/sharp-linux-arm64', '@img/sharp-libvips-linux-arm64']

/** There is nobody to ask, or what came is not what the lockfile names. */
export class NotFetchedError extends Error {
  /** @override */
  name = 'NotFetchedError'
}

/**
 * The files of both packages, by their paths from `node_modules/` on. Fetched once for each version that the lockfile names,
 * with its integrity verified by npm; from then on no network is needed. Throws a NotFetchedError.
 *
 * @returns {Promise<ReadonlyMap<string, Uint8Array>>}
 */
export async function readSharpBinary() {
  const folder = await fetchSharpBinary()
  const entries = await readdir(join(folder, 'node_modules', '@img'), { recursive: true, withFileTypes: true })
  /** @type {Map<string, Uint8Array>} */
  const files = new Map()
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name)
    files.set(relative(folder, path).replaceAll('\\', '/'), await readFile(path))
  }
  return files
}

/** Makes sure that the packages are here, and says in which folder. Throws a NotFetchedError. @returns {Promise<string>} */
export async function fetchSharpBinary() {
  const lockfile = await lockfileOfBinary()
  const name = `sharp-linux-arm64-${createHash('sha256').update(lockfile).digest('hex').slice(0, 16)}`
  const folder = join(cache, name)
  if (!existsSync(folder)) await install(lockfile, folder)
  return folder
}

/** What the project's lockfile says about the two packages, as a lockfile of its own. */
async function lockfileOfBinary() {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  const locked = packageNames.map((name) => [name, packages[`node_modules/${name}`]])
  for (const [name, found] of locked) if (!found?.integrity) throw new Error(`package-lock.json has no integrity of ${name}`)
  // As optional ones, because npm takes --cpu into account for these only.
  const optionalDependencies = Object.fromEntries(locked.map(([name, { version }]) => [name, version]))
  const inLock = locked.map(([name, found]) => [`node_modules/${name}`, found])
  const own = { '': { optionalDependencies }, ...Object.fromEntries(inLock) }
  return JSON.stringify({ lockfileVersion: 3, requires: true, packages: own })
}

/**
 * Under another name first, so that a killed or a simultaneous run leaves nothing half done. Takes the place of what an older
 * lockfile asked for.
 *
 * @param {string} lockfile
 * @param {string} folder
 */
async function install(lockfile, folder) {
  await mkdir(cache, { recursive: true })
  // Where `node_modules` is a link, npm takes the folder behind it for another project than its lockfile's.
  const unfinished = await mkdtemp(join(await realpath(cache), 'unfinished-'))
  try {
    const { optionalDependencies } = JSON.parse(lockfile).packages['']
    await writeFile(join(unfinished, 'package.json'), JSON.stringify({ private: true, optionalDependencies }))
    await writeFile(join(unfinished, 'package-lock.json'), lockfile)
    await runNpm(['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...platform], unfinished)
    // npm goes on without an optional package that it cannot have.
    const missing = packageNames.find((name) => !existsSync(join(unfinished, 'node_modules', name)))
    if (missing)
      throw new NotFetchedError(`npm could not fetch ${missing}, as package-lock.json names it: is the registry reachable?`)
    for (const old of await readdir(cache)) {
      if (old.startsWith('sharp-') && join(cache, old) !== folder) await rm(join(cache, old), { recursive: true, force: true })
    }
    await rename(unfinished, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** @param {readonly string[]} words @param {string} folder */
async function runNpm(words, folder) {
  const options = { cwd: folder, shell: process.platform === 'win32' }
  await promisify(execFile)('npm', [...words, '--prefix', folder, '--loglevel=error'], options)
}
