import { createHash } from 'node:crypto'
import { findMediaType } from '../../contract/media-types.ts'
import type { Photo } from '../../contract/photos.ts'
import { keysOfPhoto, keysOfSidecar } from '../../contract/sidecars.ts'
import { type BytePath, shownPath } from '../byte-path.ts'
import { openKeyFilter } from './key-filter.ts'

/** Which sidecars lie beside photos of a run. */
export interface Beside {
  add(photoPath: BytePath): void
  /** Whether a photo of the same folder has been added that the sidecar belongs to, by its name. */
  has(sidecarPath: BytePath): boolean
}

/** Remembers photos by their names and folders. Where its filter errs, a sidecar comes along that nobody asked for. */
export function openBeside(): Beside {
  const filter = openKeyFilter()
  return {
    add(path) {
      const [folder, name] = splitPath(path)
      for (const key of keysOfPhoto(name)) filter.add(digestOf(folder, key))
    },
    has(path) {
      const [folder, name] = splitPath(path)
      return keysOfSidecar(name).some((key) => filter.has(digestOf(folder, key)))
    },
  }
}

export function isSidecar({ contentType }: Photo): boolean {
  return findMediaType(contentType)?.kind === 'sidecar'
}

function digestOf(folder: BytePath, key: string): Buffer {
  return createHash('sha256').update(folder, 'latin1').update('\0').update(key).digest()
}

function splitPath(path: BytePath): readonly [folder: BytePath, name: string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash + 1), shownPath(path.slice(slash + 1))]
}
