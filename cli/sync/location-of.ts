import { createHash } from 'node:crypto'
import type { Location } from '../../contract/photos.ts'
import { type BytePath, bytesOf, isWellFormed, shownPath } from '../byte-path.ts'
import type { HashedFile } from './hash.ts'
import { locationPathOf, pathOf, type ScannedFile } from './scan.ts'

/** Where a file was found, as the remote remembers it: the name of the synced folder and the path inside it. */
export function locationOf({ file, modificationTime }: HashedFile, device: string): Location {
  const path = locationPathOf(file)
  const location = { device, path: shownPath(path), sourceId: sourceIdOf(file, path), modificationTime }
  return isWellFormed(path) ? location : { ...location, pathBytes: bytesOf(path).toString('base64') }
}

function sourceIdOf(file: ScannedFile, locationPath: BytePath): string {
  const above = pathOf(file).slice(0, -locationPath.length)
  return createHash('sha256').update(above, 'latin1').digest('hex').slice(0, 16)
}
