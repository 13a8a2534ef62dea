import * as z from 'zod'

/** What a file is to `photos`. A sidecar is a metadata file beside an original. */
export type MediaKind = 'image' | 'raw' | 'video' | 'sidecar'

export interface MediaType {
  readonly contentType: string
  readonly kind: MediaKind
  /** Lower case, with the dot; the first one names stored originals. */
  readonly extensions: readonly [string, ...string[]]
}

/** The one table of media types, for the CLI (which files are backed up) and the backend (how they are stored). */
export const mediaTypes: readonly MediaType[] = [
  { contentType: 'image/jpeg', kind: 'image', extensions: ['.jpg', '.jpeg', '.jpe', '.jfif', '.thm', '.mpo', '.insp'] },
  { contentType: 'image/png', kind: 'image', extensions: ['.png'] },
  { contentType: 'image/webp', kind: 'image', extensions: ['.webp'] },
  { contentType: 'image/gif', kind: 'image', extensions: ['.gif'] },
  { contentType: 'image/tiff', kind: 'image', extensions: ['.tif', '.tiff'] },
  { contentType: 'image/avif', kind: 'image', extensions: ['.avif'] },
  { contentType: 'image/heic', kind: 'image', extensions: ['.heic', '.heics', '.hif'] },
  { contentType: 'image/heif', kind: 'image', extensions: ['.heif', '.heifs'] },
  { contentType: 'image/jxl', kind: 'image', extensions: ['.jxl'] },
  { contentType: 'image/jp2', kind: 'image', extensions: ['.jp2', '.j2k', '.jpf', '.jpx'] },
  { contentType: 'image/bmp', kind: 'image', extensions: ['.bmp'] },
  { contentType: 'image/vnd.adobe.photoshop', kind: 'image', extensions: ['.psd'] },
  { contentType: 'image/x-adobe-dng', kind: 'raw', extensions: ['.dng'] },
  { contentType: 'image/x-canon-cr2', kind: 'raw', extensions: ['.cr2'] },
  { contentType: 'image/x-canon-cr3', kind: 'raw', extensions: ['.cr3'] },
  { contentType: 'image/x-canon-crw', kind: 'raw', extensions: ['.crw'] },
  { contentType: 'image/x-nikon-nef', kind: 'raw', extensions: ['.nef'] },
  { contentType: 'image/x-nikon-nrw', kind: 'raw', extensions: ['.nrw'] },
  { contentType: 'image/x-sony-arw', kind: 'raw', extensions: ['.arw'] },
  { contentType: 'image/x-sony-sr2', kind: 'raw', extensions: ['.sr2', '.srf'] },
  { contentType: 'image/x-fuji-raf', kind: 'raw', extensions: ['.raf'] },
  { contentType: 'image/x-olympus-orf', kind: 'raw', extensions: ['.orf'] },
  { contentType: 'image/x-panasonic-rw2', kind: 'raw', extensions: ['.rw2'] },
  { contentType: 'image/x-panasonic-raw', kind: 'raw', extensions: ['.raw'] },
  { contentType: 'image/x-pentax-pef', kind: 'raw', extensions: ['.pef'] },
  { contentType: 'image/x-samsung-srw', kind: 'raw', extensions: ['.srw'] },
  { contentType: 'image/x-minolta-mrw', kind: 'raw', extensions: ['.mrw'] },
  { contentType: 'image/x-kodak-dcr', kind: 'raw', extensions: ['.dcr', '.k25'] },
  { contentType: 'image/x-kodak-kdc', kind: 'raw', extensions: ['.kdc'] },
  { contentType: 'image/x-epson-erf', kind: 'raw', extensions: ['.erf'] },
  { contentType: 'image/x-hasselblad-3fr', kind: 'raw', extensions: ['.3fr', '.fff'] },
  { contentType: 'image/x-phaseone-iiq', kind: 'raw', extensions: ['.iiq'] },
  { contentType: 'image/x-leica-rwl', kind: 'raw', extensions: ['.rwl'] },
  { contentType: 'image/x-sigma-x3f', kind: 'raw', extensions: ['.x3f'] },
  { contentType: 'image/x-mamiya-mef', kind: 'raw', extensions: ['.mef'] },
  { contentType: 'image/x-leaf-mos', kind: 'raw', extensions: ['.mos'] },
  { contentType: 'image/x-gopro-gpr', kind: 'raw', extensions: ['.gpr'] },
  { contentType: 'video/mp4', kind: 'video', extensions: ['.mp4', '.m4v', '.lrv', '.insv', '.mp'] },
  { contentType: 'video/quicktime', kind: 'video', extensions: ['.mov', '.qt'] },
  { contentType: 'video/x-msvideo', kind: 'video', extensions: ['.avi'] },
  { contentType: 'video/x-matroska', kind: 'video', extensions: ['.mkv'] },
  { contentType: 'video/webm', kind: 'video', extensions: ['.webm'] },
  { contentType: 'video/3gpp', kind: 'video', extensions: ['.3gp'] },
  { contentType: 'video/3gpp2', kind: 'video', extensions: ['.3g2'] },
  { contentType: 'video/mp2t', kind: 'video', extensions: ['.mts', '.m2ts', '.ts'] },
  { contentType: 'video/mpeg', kind: 'video', extensions: ['.mpg', '.mpeg', '.vob', '.mod', '.tod'] },
  { contentType: 'video/x-ms-wmv', kind: 'video', extensions: ['.wmv', '.asf'] },
  { contentType: 'video/x-flv', kind: 'video', extensions: ['.flv'] },
  { contentType: 'application/rdf+xml', kind: 'sidecar', extensions: ['.xmp'] },
  { contentType: 'application/x-apple-aae', kind: 'sidecar', extensions: ['.aae'] },
  { contentType: 'application/json', kind: 'sidecar', extensions: ['.json'] },
]

/** The content type of bytes of which nothing is known. */
export const unknownContentType = 'application/octet-stream'

const token = "[\\w!#$%&'*+.^`|~-]+"

/** A media type, which is signed and sent as a header; a parameter may follow. Source: RFC 9110, 8.3.1. */
export const contentTypeSchema = z
  .string()
  .max(128)
  .regex(new RegExp(`^${token}/${token}(; ?${token}=${token})*$`))

const byExtension = new Map(mediaTypes.flatMap((type) => type.extensions.map((extension) => [extension, type] as const)))
const byContentType = new Map(mediaTypes.map((type) => [type.contentType, type]))

/** What a file's name says that it is; the last extension counts, in any case. */
export function findMediaTypeByName(fileName: string): MediaType | undefined {
  const dot = fileName.lastIndexOf('.')
  return dot < 0 ? undefined : byExtension.get(fileName.slice(dot).toLowerCase())
}

export function findMediaType(contentType: string): MediaType | undefined {
  return byContentType.get(contentType)
}

/** The extension (with its dot) under which a content type is stored; empty for a type that is not in the table. */
export function extensionOf(contentType: string): string {
  return byContentType.get(contentType)?.extensions[0] ?? ''
}

/** RAW formats that begin exactly as another one does. */
const sameBeginnings: ReadonlyMap<string, readonly string[]> = new Map([
  ['image/x-adobe-dng', ['image/x-gopro-gpr', 'image/x-leica-rwl']],
  ['image/x-nikon-nef', ['image/x-nikon-nrw']],
  ['image/x-sony-arw', ['image/x-sony-sr2']],
])

/**
 * What a file is, by what its content shows and what its name says: the content, but where this shows only a container or a
 * family, the member of it that the name says.
 */
export function refineContentType(shown: string, named: string | undefined): string {
  if (named === undefined) return shown
  // Most RAW formats are TIFF files inside, and only some say so in their first bytes.
  if (shown === 'image/tiff') return findMediaType(named)?.kind === 'raw' ? named : shown
  return sameBeginnings.get(shown)?.includes(named) ? named : shown
}
