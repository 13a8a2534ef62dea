// Preloaded into the command (`node --import`): kills its process before the step of that number which it takes to write something
// down durably, namely the journal of uploads, what is confirmed, and the profile. Without a number it only counts them. Plain JavaScript,
// since Node 20 preloads nothing else.
import { appendFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { dirname } from 'node:path'
import { ClassicLevel } from 'classic-level'

const killAt = Number(process.env['PHOTOS_TEST_KILL_AT_STEP'])
const tracePath = process.env['PHOTOS_TEST_STEPS'] ?? '/dev/null'
let steps = 0

/** @param {string} name */
function step(name) {
  steps += 1
  appendFileSync(tracePath, `${name}\n`)
  if (steps !== killAt) return
  process.kill(process.pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) // nothing more happens here, however long the signal takes
}

/** A folder is synced only after a file was put into it. @type {{ folder: string, target: string } | undefined} */
let toSync

/** What is written, by the name that it has or is to have. @param {unknown} path */
function findTarget(path) {
  if (/-uploads\.json$/.test(String(path))) return 'journal'
  return /\/profiles\/[^/]+\.json$/.test(String(path)) ? 'profile' : undefined
}

/** Whoever opens a file under its own name only reads it. @param {unknown} path */
function findOpened(path) {
  if (String(path) === toSync?.folder) return 'folder'
  const [, name] = /^(.+)\.[0-9a-f]+\.tmp$/.exec(String(path)) ?? []
  return findTarget(name)
}

const { open, rename } = files
/** @type {typeof open} */
files.open = async (path, ...rest) => {
  const target = findOpened(path)
  if (target === undefined) return await open(path, ...rest)
  step(`open ${target}`)
  const handle = await open(path, ...rest)
  const { writeFile, sync } = handle
  handle.writeFile = (...given) => {
    step(`write ${target}`)
    return writeFile.apply(handle, given)
  }
  handle.sync = async () => {
    step(`sync ${target}`)
    await sync.apply(handle)
    if (target !== 'folder' || toSync === undefined) return
    const put = toSync.target
    toSync = undefined
    step(`after the ${put}`)
  }
  return handle
}
files.rename = async (from, to) => {
  const target = findTarget(to)
  if (target === undefined) return await rename(from, to)
  step(`rename ${target}`)
  toSync = { folder: dirname(String(to)), target }
  await rename(from, to)
}
syncBuiltinESMExports()

const { batch } = ClassicLevel.prototype
/** @this {any} @param {any} operations @param {any} options */
async function countedBatch(operations, options) {
  if (options?.sync !== true) return await Reflect.apply(batch, this, [operations, options])
  step('before what is remembered')
  await Reflect.apply(batch, this, [operations, options])
  step('after what is remembered')
}
Reflect.set(ClassicLevel.prototype, 'batch', countedBatch)

// A file that was touched just now is not remembered, since nothing would tell that it was touched again.
const { now } = Date
Date.now = () => now() + 10_000
