/**
 * Where an object's bytes lie below its bucket's folder. `originals/OWNER/HASH.jpg` is found there under that very
 * name; a key that a file system would change, refuse or mix up with another one is written so that it cannot be:
 *
 * - a byte other than `a-z 0-9 . _ -` is `%xx` (upper case letters too, for file systems that ignore case), and so
 *   is a dot at the start or the end of a segment: `.`, `..` and `.photos` never come out;
 * - an empty segment is `%`;
 * - a segment longer than 200 characters goes on in a folder that ends in `~c`;
 * - a folder with a dot ends in `~d`, a file without one in `~`, so that the keys `a` and `a/b` both have a place;
 * - the second slot of a key (see object-store.ts) ends in `~1`.
 *
 * `~` is written for nothing else, so two keys never share a path.
 */
export function keyPath(key: string, slot: Slot): string {
  const segments = key.split('/').map(encodeSegment)
  const leaf = segments.pop() ?? []
  const folders = segments.flatMap((pieces) => [...continued(pieces), folderName(pieces.at(-1) ?? '')])
  return [...folders, ...continued(leaf), leafName(leaf.at(-1) ?? '', slot)].join('/')
}

/** Which of the two files of a key holds its current bytes. */
export type Slot = 0 | 1

/** The names below stay under the 255 bytes that file systems allow. */
const pieceOfName = /.{1,200}/g

function encodeSegment(segment: string): string[] {
  if (segment === '') return ['%']
  const encoded = [...Buffer.from(segment)].map(encodeByte).join('').replace(/^\./, '%2e').replace(/\.$/, '%2e')
  return encoded.match(pieceOfName) ?? []
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
}

function continued(pieces: readonly string[]): string[] {
  return pieces.slice(0, -1).map((piece) => `${piece}~c`)
}

function folderName(piece: string): string {
  return piece.includes('.') ? `${piece}~d` : piece
}

function leafName(piece: string, slot: Slot): string {
  if (slot === 1) return `${piece}~1`
  return piece.includes('.') ? piece : `${piece}~`
}
