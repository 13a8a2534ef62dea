/** How many bytes from the start of a file tell its type. */
export const sniffBytes = 512

interface Signature {
  readonly contentType: string
  /** Text (one character a byte) that stands at these offsets. */
  readonly marks: readonly (readonly [offset: number, text: string])[]
}

const mark = (contentType: string, ...marks: Signature['marks']): Signature => ({ contentType, marks })
/** ISO base media files name their brand after the type of their first box. */
const brands = (contentType: string, ...names: readonly string[]): readonly Signature[] =>
  names.map((name) => mark(contentType, [4, `ftyp${name}`]))
/** Older QuickTime files start with one of these boxes. */
const firstBoxes = ['moov', 'mdat', 'wide', 'free']

// Our own table instead of the file-type package: a backup needs to know no more than "photo or video, and of which sort",
// and every type here must be one of contract/media-types.ts. The more specific comes first.
const signatures: readonly Signature[] = [
  mark('image/jpeg', [0, '\xff\xd8\xff']),
  mark('image/png', [0, '\x89PNG\r\n\x1a\n']),
  mark('image/gif', [0, 'GIF87a']),
  mark('image/gif', [0, 'GIF89a']),
  mark('image/webp', [0, 'RIFF'], [8, 'WEBP']),
  mark('video/x-msvideo', [0, 'RIFF'], [8, 'AVI ']),
  ...brands('image/heic', 'heic', 'heix', 'hevc', 'heim', 'heis'),
  ...brands('image/heif', 'mif1', 'msf1'),
  ...brands('image/avif', 'avif', 'avis'),
  ...brands('image/x-canon-cr3', 'crx '),
  ...brands('video/quicktime', 'qt  '),
  ...brands('video/3gpp2', '3g2'),
  ...brands('video/3gpp', '3g'),
  ...brands('video/mp4', 'iso', 'mp4', 'avc', 'M4V', 'MSNV', 'dash', 'mmp4', 'XAVC'),
  ...firstBoxes.map((box) => mark('video/quicktime', [4, box])),
  mark('image/x-canon-crw', [0, 'II\x1a\0\0\0HEAPCCDR']),
  mark('image/x-fuji-raf', [0, 'FUJIFILMCCD-RAW']),
  mark('image/x-olympus-orf', [0, 'IIRO']),
  mark('image/x-olympus-orf', [0, 'IIRS']),
  mark('image/x-panasonic-rw2', [0, 'IIU\0']),
  mark('image/x-minolta-mrw', [0, '\0MRM']),
  mark('image/x-sigma-x3f', [0, 'FOVb']),
  ...['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].map((text) => mark('image/tiff', [0, text])),
  mark('image/vnd.adobe.photoshop', [0, '8BPS\0\x01']),
  mark('image/jxl', [0, '\0\0\0\x0cJXL \r\n\x87\n']),
  mark('image/jp2', [0, '\0\0\0\x0cjP  \r\n\x87\n']),
  mark('image/jp2', [0, '\xff\x4f\xff\x51']),
  mark('video/x-matroska', [0, '\x1aE\xdf\xa3']),
  mark('video/x-flv', [0, 'FLV\x01']),
  mark('video/mpeg', [0, '\0\0\x01\xba']),
  mark('video/mp2t', [0, 'G'], [188, 'G'], [376, 'G']),
  mark('video/mp2t', [4, 'G'], [196, 'G'], [388, 'G']),
]

/** The content type that a file's first {@link sniffBytes} bytes show, if they are those of a photo or a video. */
export function sniffContentType(head: Buffer): string | undefined {
  const text = head.toString('latin1', 0, sniffBytes)
  return signatures.find(({ marks }) => marks.every(([offset, expected]) => text.startsWith(expected, offset)))?.contentType
}

/** How many bytes from the start of a JSON file tell whether it is a sidecar. */
export const sniffJsonBytes = 64 * 1024

/**
 * Whether the start of a JSON file has the keys of Takeout's metadata: of a photo (`photoTakenTime`, `creationTime`) or of an
 * album (`access`, `date`). Any other JSON beside photos is a program's own. Takeout's keys are the same in every language, the
 * names of its files are not, and are cut short besides.
 */
export function isTakeoutSidecar(head: Buffer): boolean {
  const has = (key: string): boolean => head.includes(`"${key}"`)
  return has('photoTakenTime') || (has('title') && (has('creationTime') || (has('access') && has('date'))))
}
