// Preloaded with `node --import`: the process kills itself before its nth call that changes the disk. PHOTOS_KILL_AT is n, from 1.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const killAt = Number(process.env['PHOTOS_KILL_AT'])
let calls = 0

function countCall() {
  calls += 1
  if (calls === killAt) process.kill(process.pid, 'SIGKILL')
}

/** @param {any} owner @param {string} name */
function wrap(owner, name) {
  const original = owner[name]
  /** @this {unknown} @param {unknown[]} given */
  owner[name] = function counted(...given) {
    countCall()
    return Reflect.apply(original, this, given)
  }
}

for (const name of ['linkSync', 'renameSync', 'unlinkSync', 'fsyncSync']) wrap(fs, name)
for (const name of ['mkdir', 'rm', 'rmdir', 'unlink', 'writeFile']) wrap(fs.promises, name)
const handle = await fs.promises.open(process.execPath)
for (const name of ['appendFile', 'sync', 'truncate', 'utimes']) wrap(Object.getPrototypeOf(handle), name)
await handle.close()
syncBuiltinESMExports()
