import { zipSync } from 'fflate'

/** The first moment that a zip can name. It has no time zone, and neither has this: the same fields wherever it runs. */
const modified = new Date(1980, 0, 1)

/** A plain file that every user may read: Lambda runs functions as another one than the owner. */
const unix = 3
const readableByAll = 0o100644 * 2 ** 16

/**
 * A zip that depends on names and bytes alone, neither on the order, the clock nor the machine: what did not change has the same
 * hash, and is not deployed again. The compression is fflate's own JavaScript, since zlib's output differs from one build to the next.
 *
 * @param {ReadonlyMap<string, Uint8Array>} files by their path in the zip, with `/`
 * @returns {Uint8Array}
 */
export function makeZip(files) {
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1))
  return zipSync(Object.fromEntries(sorted), { mtime: modified, os: unix, attrs: readableByAll })
}
