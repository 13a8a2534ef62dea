/** How many bytes from the start of a file tell its type. */
const sniffBytes = 512

interface Signature {
  /** Undefined for what looks like a photo or a video and is none. */
  readonly contentType: string | undefined
  /** Text (one character a byte) that stands at these offsets. */
  readonly marks: readonly (readonly [offset: number, text: string])[]
  /** Text that stands somewhere among the first {@link headerBytes}. */
  readonly word?: string
}

/** The header of a Matroska file is shorter, and ends with its document type. */
const headerBytes = 64

const mark = (contentType: string | undefined, ...marks: Signature['marks']): Signature => ({ contentType, marks })
/** ISO base media files name their brand after the type of their first box. */
const brands = (contentType: string | undefined, ...names: readonly string[]): readonly Signature[] =>
  names.map((name) => mark(contentType, [4, `ftyp${name}`]))
/** Older QuickTime files start with one of these boxes. */
const firstBoxes = ['moov', 'mdat', 'wide', 'free']

// One table for the CLI (what a file is, whatever its name says) and the backend (what an original is, whatever the CLI said).
// Every type here is one of media-types.ts. The more specific comes first.
const signatures: readonly Signature[] = [
  mark('image/jpeg', [0, '\xff\xd8\xff']),
  mark('image/png', [0, '\x89PNG\r\n\x1a\n']),
  mark('image/gif', [0, 'GIF87a']),
  mark('image/gif', [0, 'GIF89a']),
  mark('image/webp', [0, 'RIFF'], [8, 'WEBP']),
  mark('video/x-msvideo', [0, 'RIFF'], [8, 'AVI ']),
  ...brands('image/heic', 'heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs'),
  ...brands('image/heif', 'mif1', 'msf1'),
  ...brands('image/avif', 'avif', 'avis'),
  ...brands('image/x-canon-cr3', 'crx '),
  ...brands('video/quicktime', 'qt  '),
  ...brands('video/3gpp2', '3g2'),
  ...brands('video/3gpp', '3g'),
  ...brands(undefined, 'M4A', 'M4B', 'M4P', 'F4A', 'F4B'),
  // All others are videos: each maker of cameras has brands of its own.
  mark('video/mp4', [4, 'ftyp']),
  ...firstBoxes.map((box) => mark('video/quicktime', [4, box])),
  mark('image/x-canon-crw', [0, 'II\x1a\0\0\0HEAPCCDR']),
  mark('image/x-fuji-raf', [0, 'FUJIFILMCCD-RAW']),
  mark('image/x-olympus-orf', [0, 'IIRO']),
  mark('image/x-olympus-orf', [0, 'IIRS']),
  mark('image/x-panasonic-rw2', [0, 'IIU\0']),
  mark('image/x-minolta-mrw', [0, '\0MRM']),
  mark('image/x-sigma-x3f', [0, 'FOVb']),
  mark('image/x-canon-cr2', [0, 'II*\0'], [8, 'CR\x02\0']),
  ...['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].map((text) => mark('image/tiff', [0, text])),
  // Two letters are too little: the two fields that are zero, and the size of the header that follows.
  ...['(\0\0\0', 'l\0\0\0', '|\0\0\0', '\x0c\0\0\0'].map((size) => mark('image/bmp', [0, 'BM'], [6, '\0\0\0\0'], [14, size])),
  mark('image/vnd.adobe.photoshop', [0, '8BPS\0\x01']),
  mark('image/jxl', [0, '\0\0\0\x0cJXL \r\n\x87\n']),
  mark('image/jp2', [0, '\0\0\0\x0cjP  \r\n\x87\n']),
  mark('image/jp2', [0, '\xff\x4f\xff\x51']),
  { ...mark('video/webm', [0, '\x1aE\xdf\xa3']), word: 'webm' },
  mark('video/x-matroska', [0, '\x1aE\xdf\xa3']),
  mark('video/x-flv', [0, 'FLV\x01']),
  mark('video/mpeg', [0, '\0\0\x01\xba']),
  mark('video/mp2t', [0, 'G'], [188, 'G'], [376, 'G']),
  mark('video/mp2t', [4, 'G'], [196, 'G'], [388, 'G']),
]

/** The content type that a file's first {@link sniffBytes} bytes show, if they are those of a photo or a video. */
export function sniffContentType(head: Uint8Array): string | undefined {
  const text = String.fromCharCode(...head.subarray(0, sniffBytes))
  const isShown = ({ marks, word = '' }: Signature): boolean =>
    marks.every(([offset, expected]) => text.startsWith(expected, offset)) && text.slice(0, headerBytes).includes(word)
  return signatures.find(isShown)?.contentType
}
