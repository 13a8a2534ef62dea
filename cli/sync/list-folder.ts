import { readdirSync } from 'node:fs'
import { type BytePath, bytesOf } from '../byte-path.ts'
import type { FileOutcome } from '../run-event.ts'
import { requireFileErrorReason } from './file-error.ts'
import { findLeftOutCause, type LeftOut, photosIgnoreName } from './left-out.ts'
import { isLibrary } from './library-mark.ts'
import type { ScannedFolder } from './scan.ts'

interface ListedNames {
  readonly kind: 'listed'
  readonly names: readonly BytePath[]
  readonly leftOut: readonly LeftOut[]
  readonly hasPhotosIgnore: boolean
}

type Listing = ListedNames | { readonly kind: 'unreadable'; readonly outcome: FileOutcome }

/** The names of a folder that a scan does not leave out at once, sorted. */
export function listFolder(folder: ScannedFolder, takesHidden: boolean): Listing {
  try {
    const all = readdirSync(bytesOf(folder.path), 'latin1')
    if (all.includes('.photos') && isLibrary(folder.path)) return libraryLeftOut
    const names: BytePath[] = []
    const leftOut: LeftOut[] = []
    for (const name of all) {
      const cause = findLeftOutCause(name, takesHidden)
      if (cause === undefined) names.push(name)
      else leftOut.push({ name, cause })
    }
    const hasPhotosIgnore = leftOut.some(({ name }) => name === photosIgnoreName)
    return { kind: 'listed', names: names.sort(), leftOut, hasPhotosIgnore }
  } catch (error) {
    const reason = `cannot list the folder: ${requireFileErrorReason(error)}`
    return { kind: 'unreadable', outcome: { action: 'failed', path: folder.shown, sizeBytes: 0, reason } }
  }
}

const libraryLeftOut: Listing = {
  kind: 'listed',
  names: [],
  leftOut: [{ name: '', cause: 'libraries' }],
  hasPhotosIgnore: false,
}
