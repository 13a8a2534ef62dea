// Preloaded into the command (`node --import`): kills its process before the step of that number which it takes to write something
// down durably, namely the journal of uploads and what is confirmed. Without a number it only counts them. Plain JavaScript,
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

/** A folder is synced only after a journal was put into it. @type {string | undefined} */
let folderToSync

/** @param {unknown} path */
function findTarget(path) {
  const text = String(path)
  if (text === folderToSync) return 'folder'
  return /-uploads\.json(\.[0-9a-f]+\.tmp)?$/.test(text) ? 'journal' : undefined
}

const { open, rename } = files
/** @type {typeof open} */
files.open = async (path, ...rest) => {
  const target = findTarget(path)
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
    if (target !== 'folder') return
    folderToSync = undefined
    step('after the journal')
  }
  return handle
}
files.rename = async (from, to) => {
  if (findTarget(to) === undefined) return await rename(from, to)
  step('rename journal')
  folderToSync = dirname(String(to))
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
