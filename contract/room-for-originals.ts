/** On its way into a library a large original lies there as an upload, as its parts, and as the stored object. */
const copiesOnTheWay = 3
/** Kept free on a library's disk for the index and the renditions. */
const reservedBytes = 256 * 2 ** 20

/** No remote refuses originals that small by its nature: one whose maximum is below this is a library whose disk is nearly full. */
const hardlyAnyRoomBytes = 2 ** 20

/** The largest original that a library takes whose disk has so many free bytes; at least 1. */
export function roomForOriginal(freeBytes: number): number {
  return Math.max(1, Math.floor((freeBytes - reservedBytes) / copiesOnTheWay))
}

/** Why a remote that takes at most so many bytes refuses an original, in lower case. Both are bytes. */
export function describeTooLarge(sizeBytes: number, maximumSizeBytes: number): string {
  if (maximumSizeBytes < hardlyAnyRoomBytes) {
    const [needed, always] = [reservedBytes + copiesOnTheWay * sizeBytes, reservedBytes].map((bytes) => Math.ceil(bytes / 1e6))
    return `the library's disk is too full: ${needed} MB must be free there for this file (${always} MB always, and three times its size)`
  }
  const [size, maximum] = [sizeBytes, maximumSizeBytes].map((bytes) => bytes.toLocaleString('en-US'))
  return `too large: ${size} bytes, and the remote takes at most ${maximum}`
}
