import { createHash } from 'node:crypto'
import { findMediaType } from '../../contract/media-types.ts'
import type { Photo } from '../../contract/photos.ts'
import { keysOfPhoto, keysOfSidecar } from '../../contract/sidecars.ts'
import { type BytePath, shownPath } from '../byte-path.ts'

/** Which sidecars lie beside photos of a run. */
export interface Beside {
  add(photoPath: BytePath): void
  /** Whether a photo of the same folder has been added that the sidecar belongs to, by its name. */
  has(sidecarPath: BytePath): boolean
}

/**
 * Remembers photos by their names and folders in a Bloom filter: 4 MiB, whatever their number. With a million of them it
 * errs once in two hundred; then a sidecar comes along that nobody asked for.
 */
export function openBeside(): Beside {
  const bits = new Uint8Array(filterBytes)
  return {
    add(path) {
      const [folder, name] = splitPath(path)
      for (const key of keysOfPhoto(name)) {
        for (const bit of bitsOf(folder, key)) bits[bit >>> 3] = (bits[bit >>> 3] ?? 0) | (1 << (bit & 7))
      }
    },
    has(path) {
      const [folder, name] = splitPath(path)
      return keysOfSidecar(name).some((key) => bitsOf(folder, key).every((bit) => ((bits[bit >>> 3] ?? 0) >>> (bit & 7)) & 1))
    },
  }
}

export function isSidecar({ contentType }: Photo): boolean {
  return findMediaType(contentType)?.kind === 'sidecar'
}

const filterBytes = 4 * 1024 * 1024
const bitsOfKey = 5

function bitsOf(folder: BytePath, key: string): readonly number[] {
  const digest = createHash('sha256').update(folder, 'latin1').update('\0').update(key).digest()
  return Array.from({ length: bitsOfKey }, (_, index) => digest.readUInt32LE(index * 4) % (filterBytes * 8))
}

function splitPath(path: BytePath): readonly [folder: BytePath, name: string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash + 1), shownPath(path.slice(slash + 1))]
}
