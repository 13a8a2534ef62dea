import { fileTypeFromBuffer } from 'file-type'
import { findMediaType, unknownContentType } from '../../contract/media-types.ts'

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

/** RAW formats that begin exactly as another one does: here the name knows more than the first bytes. */
const hintsThatRefine: ReadonlyMap<string, readonly string[]> = new Map([
  ['image/x-adobe-dng', ['image/x-gopro-gpr', 'image/x-leica-rwl']],
  ['image/x-nikon-nef', ['image/x-nikon-nrw']],
  ['image/x-sony-arw', ['image/x-sony-sr2']],
])

/**
 * What an original is: by its first bytes (4100 or more are enough), and where these say nothing that
 * contract/media-types.ts knows, by `hint`, the content type that the client signed. The same bytes and hint always
 * give the same answer. Never throws, whatever the bytes are.
 */
export async function detectContentType(head: Uint8Array, hint: string): Promise<string> {
  const hinted = findMediaType(hint)?.contentType ?? unknownContentType
  const detected = await detectByContent(head.subarray(0, headBytes))
  if (detected === undefined || refines(hinted, detected)) return hinted
  return detected
}

async function detectByContent(head: Uint8Array): Promise<string | undefined> {
  const name = await findDetectedName(head)
  const contentType = name && findMediaType(contentTypeByDetectedName.get(name) ?? name)?.contentType
  return contentType ?? (isTiff(head) ? 'image/tiff' : undefined)
}

async function findDetectedName(head: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(head))?.mime
  } catch {
    // A malformed header, such as a box that ends before it begins: the bytes say nothing.
    return undefined
  }
}

/** file-type asks a TIFF's tags which RAW it is, and gives up where these come last in the file, as many programs write them. */
function isTiff(head: Uint8Array): boolean {
  const signature = Buffer.from(head.subarray(0, 4)).toString('latin1')
  return signature === 'II*\0' || signature === 'MM\0*'
}

function refines(hint: string, detected: string): boolean {
  // Most RAW formats are TIFF files inside, and only some say so in their first bytes.
  if (detected === 'image/tiff') return findMediaType(hint)?.kind === 'raw'
  return hintsThatRefine.get(detected)?.includes(hint) ?? false
}
