import { fileTypeFromBuffer } from 'file-type'
import { sniffContentType } from '../../contract/content-signatures.ts'
import { findMediaType, refineContentType, unknownContentType } from '../../contract/media-types.ts'

/** More than any signature needs (MPEG-TS: 4100 bytes), little enough that no hostile file can keep the detector busy. */
const headBytes = 8192

/** file-type's names for what contract/media-types.ts calls otherwise. */
const contentTypeByDetectedName: ReadonlyMap<string, string> = new Map([
  ['image/apng', 'image/png'],
  ['image/heic-sequence', 'image/heic'],
  ['image/heif-sequence', 'image/heif'],
  ['image/j2c', 'image/jp2'],
  ['image/jpx', 'image/jp2'],
  ['image/jpm', 'image/jp2'],
  ['image/x-fujifilm-raf', 'image/x-fuji-raf'],
  ['video/x-m4v', 'video/mp4'],
  ['video/vnd.avi', 'video/x-msvideo'],
  ['video/matroska', 'video/x-matroska'],
  ['video/MP1S', 'video/mpeg'],
  ['video/MP2P', 'video/mpeg'],
  ['video/x-ms-asf', 'video/x-ms-wmv'],
  ['application/vnd.ms-asf', 'video/x-ms-wmv'],
])

/**
 * What an original is: by its first bytes (4100 or more are enough), and where these say nothing that
 * contract/media-types.ts knows, by `hint`, the content type that the client signed. The same bytes and hint always
 * give the same answer. Never throws, whatever the bytes are.
 */
export async function detectContentType(head: Uint8Array, hint: string): Promise<string> {
  const hinted = findMediaType(hint)?.contentType ?? unknownContentType
  const detected = await detectByContent(head.subarray(0, headBytes))
  return detected === undefined ? hinted : refineContentType(detected, hinted)
}

/** As the CLI does, so that both say the same of a file; file-type tells which RAW a TIFF is, and knows rarer beginnings. */
async function detectByContent(head: Uint8Array): Promise<string | undefined> {
  const sniffed = sniffContentType(head)
  if (sniffed !== undefined && sniffed !== 'image/tiff') return sniffed
  const name = await findDetectedName(head)
  return (name && findMediaType(contentTypeByDetectedName.get(name) ?? name)?.contentType) || sniffed
}

async function findDetectedName(head: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(head))?.mime
  } catch {
    // A malformed header, such as a box that ends before it begins: the bytes say nothing.
    return undefined
  }
}
