/** Which keys were added, as a Bloom filter: of those that were, none is ever missed; of the others, few are taken for one. */
export interface KeyFilter {
  add(key: Buffer): void
  has(key: Buffer): boolean
}

/** 4 MiB, whatever the number of keys; with a million of them it errs once in two hundred. Keys are SHA-256 digests. */
export function openKeyFilter(): KeyFilter {
  const bits = new Uint8Array(filterBytes)
  return {
    add(key) {
      for (const bit of bitsOf(key)) bits[bit >>> 3] = (bits[bit >>> 3] ?? 0) | (1 << (bit & 7))
    },
    has: (key) => bitsOf(key).every((bit) => ((bits[bit >>> 3] ?? 0) >>> (bit & 7)) & 1),
  }
}

const filterBytes = 4 * 1024 * 1024
const bitsOfKey = 5

function bitsOf(key: Buffer): readonly number[] {
  return Array.from({ length: bitsOfKey }, (_, index) => key.readUInt32LE(index * 4) % (filterBytes * 8))
}
