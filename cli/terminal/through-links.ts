import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** As many as the system itself follows. Source: path_resolution(7). */
const mostLinks = 40

/** Where a file lies, or would be made, without links: also where a link leads to what is not there yet. Absolute. */
export function throughLinks(path: string): string {
  let at = resolve(path)
  for (let followed = 0; followed < mostLinks; followed += 1) {
    const place = join(realPathOf(dirname(at)), basename(at))
    const target = findTarget(place)
    if (target === undefined) return place
    at = resolve(dirname(place), target)
  }
  return at
}

function findTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Without links, where it is there. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
