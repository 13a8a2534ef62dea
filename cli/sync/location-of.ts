import type { Location } from '../../contract/photos.ts'
import { bytesOf, isWellFormed, shownPath } from '../byte-path.ts'
import type { HashedFile } from './hash.ts'
import { locationPathOf } from './scan.ts'

/** Where a file was found, as the remote remembers it: the name of the synced folder and the path inside it. */
export function locationOf({ file, modificationTime }: HashedFile, device: string): Location {
  const path = locationPathOf(file)
  const location = { device, path: shownPath(path), modificationTime }
  return isWellFormed(path) ? location : { ...location, pathBytes: bytesOf(path).toString('base64') }
}
