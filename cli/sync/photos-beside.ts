import { statSync } from 'node:fs'
import { keysOfPhoto, keysOfSidecar } from '../../contract/sidecars.ts'
import { type BytePath, bytesOf, shownPath } from '../byte-path.ts'
import { type Fingerprint, fingerprintOf, isRacy, isSameFile } from '../state/file-record.ts'
import { findFileErrorReason } from './file-error.ts'
import { isSidecar } from './folder-choice.ts'
import { listFolder } from './list-folder.ts'
import type { ScannedFolder } from './scan.ts'

/** Finds the photos that a sidecar may belong to, for sidecars that come one by one. */
export interface PhotosBeside {
  /** Names in the folder, by what is in it now; none where it cannot be listed. */
  find(folder: ScannedFolder, sidecar: BytePath): readonly BytePath[]
}

interface FolderIndex {
  /** Changes whenever a name comes or goes. */
  readonly fingerprint: Fingerprint
  readonly path: BytePath
  readonly namesOfKey: ReadonlyMap<string, readonly BytePath[]>
}

/** Keeps what it knows of the last folder: to list it for each of its sidecars would cost hours with tens of thousands. */
export function createPhotosBeside(takesHidden: boolean, now: () => number): PhotosBeside {
  let known: FolderIndex | undefined
  return {
    find(folder, sidecar) {
      const fingerprint = findFingerprint(folder.path)
      if (fingerprint === undefined) return []
      const isKnown = known?.path === folder.path && isSameFile(known.fingerprint, fingerprint)
      const index = isKnown && known ? known : { fingerprint, path: folder.path, namesOfKey: indexOf(folder, takesHidden) }
      known = isRacy(fingerprint, now()) ? undefined : index
      return [...new Set(keysOfSidecar(shownPath(sidecar)).flatMap((key) => index.namesOfKey.get(key) ?? []))]
    },
  }
}

function findFingerprint(path: BytePath): Fingerprint | undefined {
  try {
    return fingerprintOf(statSync(bytesOf(path)))
  } catch (error) {
    if (findFileErrorReason(error) === undefined) throw error
    return undefined
  }
}

function indexOf(folder: ScannedFolder, takesHidden: boolean): ReadonlyMap<string, readonly BytePath[]> {
  const listing = listFolder(folder, takesHidden)
  const namesOfKey = new Map<string, BytePath[]>()
  for (const name of listing.kind === 'listed' ? listing.names : []) {
    for (const key of isSidecar(name) ? [] : keysOfPhoto(shownPath(name))) {
      const names = namesOfKey.get(key)
      if (names) names.push(name)
      else namesOfKey.set(key, [name])
    }
  }
  return namesOfKey
}
