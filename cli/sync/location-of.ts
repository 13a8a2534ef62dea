import { createHash } from 'node:crypto'
import type { GoneLocation, Location } from '../../contract/photos.ts'
import { type BytePath, bytesOf, isWellFormed, shownPath } from '../byte-path.ts'
import type { HashedFile } from './hash.ts'
import { locationPathOf, pathOf } from './scan.ts'

/** Where a file was found, as the remote remembers it: the name of the synced folder and the path inside it. */
export function locationOf({ file, modificationTime }: HashedFile, device: string): Location {
  return { ...placeOf(pathOf(file), locationPathOf(file).length, device), modificationTime }
}

/**
 * What tells a location from all others, also where the file is gone.
 *
 * @param file its absolute path
 * @param locationBytes how many bytes of its tail are the location; what comes before them is the folder that it begins in
 */
export function placeOf(file: BytePath, locationBytes: number, device: string): Omit<GoneLocation, 'replacedBy'> {
  const path = file.slice(-locationBytes)
  const sourceId = createHash('sha256').update(file.slice(0, -locationBytes), 'latin1').digest('hex').slice(0, 16)
  const place = { device, path: shownPath(path), sourceId }
  return isWellFormed(path) ? place : { ...place, pathBytes: bytesOf(path).toString('base64') }
}
