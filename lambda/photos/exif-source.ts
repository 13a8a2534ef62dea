import { findMediaType } from '../../contract/media-types.ts'
import { guardedSharp } from './guarded-sharp.ts'

const exifHeader = Buffer.from('Exif\0\0', 'latin1')

/**
 * The part of an original in which exifr finds its EXIF, as a view of the same memory where that is possible; undefined
 * where exifr knows no way in. Never throws.
 */
export async function findExifSource(bytes: Buffer, contentType: string): Promise<Uint8Array | undefined> {
  switch (contentType) {
    case 'image/jpeg':
      return jpegHeaderOf(bytes)
    // exifr opens neither container, and not every HEIC; sharp takes the EXIF block out of them.
    case 'image/webp':
    case 'image/avif':
      return findExifBlock(bytes)
    case 'image/heic':
    case 'image/heif':
      return (await findExifBlock(bytes)) ?? bytes
    default:
      return isPicture(contentType) ? bytes : undefined
  }
}

function isPicture(contentType: string): boolean {
  const kind = findMediaType(contentType)?.kind
  return kind === 'image' || kind === 'raw'
}

async function findExifBlock(bytes: Buffer): Promise<Buffer | undefined> {
  try {
    const { exif } = await guardedSharp(bytes, { limitInputPixels: false }).metadata()
    return exif?.subarray(0, exifHeader.length).equals(exifHeader) ? exif.subarray(exifHeader.length) : exif
  } catch {
    return undefined
  }
}

/**
 * A JPEG up to its image data: a few kB of a file of many MB. All of it where the segments do not follow one another as
 * they should, for exifr then searches.
 */
function jpegHeaderOf(bytes: Buffer): Buffer {
  const startOfScan = 0xda
  let offset = 2
  while (offset + 4 <= bytes.length && bytes[offset] === 0xff) {
    if (bytes[offset + 1] === startOfScan) return bytes.subarray(0, offset)
    offset += 2 + bytes.readUInt16BE(offset + 2)
  }
  return bytes
}
