import { closeSync, openSync, renameSync, unlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

/** What is in the folder that is stirred: `clip 0.mp4` to `clip 6.mp4`. */
export const stirredFiles = Array.from({ length: 7 }, (_, index) => `clip ${index}.mp4`)
export const eventsInStir = 50

/**
 * Brings about fifty events: files get another time, one goes by another name for a moment, and twenty come and go under names
 * that nobody has heard of before, so that who remembers paths is seen to.
 *
 * @param {string} folder @param {number} count another one each time
 */
export function stir(folder, count) {
  const [renamed = '', ...touched] = stirredFiles.map((name) => join(folder, name))
  for (const path of touched) utimesSync(path, count, count)
  const another = join(folder, `renamed ${count}.mp4`)
  renameSync(renamed, another)
  renameSync(another, renamed)
  for (let index = 0; index < 20; index += 1) {
    const path = join(folder, `a name as long as those that exports of phones and of clouds make of dates ${count} ${index}.mp4`)
    closeSync(openSync(path, 'w'))
    unlinkSync(path)
  }
}
