// Preloaded with `node --import`: the process kills itself before its nth call that changes the disk. PHOTOS_KILL_AT is n, from 1.
// PHOTOS_TEST_CALLS is a file that tells of each of these calls, with the paths below the folder in which the files lie.
import fs, { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, relative } from 'node:path'

const killAt = Number(process.env['PHOTOS_KILL_AT'])
const tracePath = process.env['PHOTOS_TEST_CALLS'] ?? '/dev/null'
const root = dirname(process.argv[2] ?? '') // of the folder that is freed
let calls = 0

/** Where an open file lies, by its descriptor or its handle. @type {Map<unknown, unknown>} */
const opened = new Map()

/** @param {unknown} path */
function shown(path) {
  const below = relative(root, String(path)) || '.'
  return below.replace(/[0-9a-f]{64}/, 'HASH').replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'UUID')
}

/** @param {string} name @param {readonly unknown[]} paths */
function countCall(name, paths) {
  calls += 1
  appendFileSync(tracePath, `${[name, ...paths.map(shown)].join(' ')}\n`)
  if (calls === killAt) process.kill(process.pid, 'SIGKILL')
}

/** @param {any} owner @param {string} name @param {(self: unknown, given: unknown[]) => readonly unknown[]} pathsOf */
function wrap(owner, name, pathsOf) {
  const original = owner[name]
  /** @this {unknown} @param {unknown[]} given */
  owner[name] = function counted(...given) {
    countCall(name, pathsOf(this, given))
    return Reflect.apply(original, this, given)
  }
}

for (const name of ['linkSync', 'renameSync']) wrap(fs, name, (_, given) => given.slice(0, 2))
wrap(fs, 'unlinkSync', (_, [path]) => [path])
wrap(fs, 'fsyncSync', (_, [descriptor]) => [opened.get(descriptor)])
for (const name of ['mkdir', 'rm', 'rmdir', 'unlink', 'writeFile']) wrap(fs.promises, name, (_, [path]) => [path])
const handle = await fs.promises.open(process.execPath)
const ofHandles = Object.getPrototypeOf(handle)
for (const name of ['appendFile', 'sync', 'truncate', 'utimes']) wrap(ofHandles, name, (self) => [opened.get(self)])
await handle.close()

const { openSync } = fs
const { open } = fs.promises
/** @type {typeof openSync} */
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest)
  opened.set(descriptor, path)
  return descriptor
}
/** @type {typeof open} */
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest)
  opened.set(handle, path)
  return handle
}
syncBuiltinESMExports()
