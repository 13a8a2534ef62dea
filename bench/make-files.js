import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** What `photos` remembers of a file that was touched less than two seconds before it was looked at proves nothing. */
const settledMs = 2500

/**
 * Makes files of random bytes, which nothing can compress, in folders of a hundred. They are named as videos: the backend
 * stores and indexes these like any original, but has no pictures to render, which is not what is measured here.
 *
 * @param {string} folder
 * @param {{ readonly files: number, readonly sizeBytes: number, readonly distinct?: number }} options `distinct`: so many
 *   different contents; all of them are different without it
 */
export async function makeFiles(folder, { files, sizeBytes, distinct = files }) {
  const reused = distinct < files ? Array.from({ length: distinct }, () => randomFillSync(Buffer.allocUnsafe(sizeBytes))) : []
  const buffer = Buffer.allocUnsafe(sizeBytes)
  for (let index = 0; index < files; index++) {
    const subfolder = join(folder, String(Math.floor(index / 100)).padStart(4, '0'))
    if (index % 100 === 0) mkdirSync(subfolder, { recursive: true })
    const name = `IMG_${String(index).padStart(6, '0')}.mp4`
    writeFileSync(join(subfolder, name), reused[index % distinct] ?? randomFillSync(buffer))
  }
  await wait(settledMs)
}
