import { findMediaType } from '../../contract/media-types.ts'
import type { PhotoMetadata } from '../../contract/photos.ts'
import { findCamera } from './camera.ts'
import { findCaptureTime } from './capture-time.ts'
import { type ExifReader, openExifReader } from './exif-reader.ts'
import { findExifSource } from './exif-source.ts'
import { type ExifTags, exifTagsSchema } from './exif-tags.ts'
import { guardedSharp } from './guarded-sharp.ts'
import { findPlace } from './place.ts'

export interface MetadataReader {
  /** Reads an original's own bytes. What cannot be read is null, whatever the bytes are. Many may be read at once. */
  read(bytes: Buffer, contentType: string): Promise<PhotoMetadata>
  /** Stops the worker thread. Reads that are under way end first. */
  close(): Promise<void>
}

/** `timeoutMs` bounds the reading of one file's EXIF, which takes a few milliseconds where nothing is wrong. */
export function openMetadataReader(options: { readonly timeoutMs?: number } = {}): MetadataReader {
  const exifReader = openExifReader({ timeoutMs: options.timeoutMs ?? 5_000 })
  return {
    async read(bytes, contentType) {
      const tags = await readTags(exifReader, bytes, contentType)
      const captureTime = findCaptureTime(tags)
      return {
        captureTime: captureTime?.captureTime ?? null,
        captureTimeSource: captureTime?.captureTimeSource ?? null,
        camera: findCamera(tags) ?? null,
        ...(await readSize(bytes, contentType)),
        place: findPlace(tags) ?? null,
      }
    },
    close: () => exifReader.close(),
  }
}

async function readTags(exifReader: ExifReader, bytes: Buffer, contentType: string): Promise<ExifTags> {
  const source = await findExifSource(bytes, contentType)
  return source ? exifReader.read(source) : exifTagsSchema.parse(null)
}

type PixelSize = Pick<PhotoMetadata, 'widthPixels' | 'heightPixels'>
const unknownSize: PixelSize = { widthPixels: null, heightPixels: null }

/** Width and height as they are shown, from the header alone. A RAW file's header describes a preview in it, so not from RAW. */
async function readSize(bytes: Buffer, contentType: string): Promise<PixelSize> {
  if (findMediaType(contentType)?.kind !== 'image') return unknownSize
  try {
    const { autoOrient } = await guardedSharp(bytes, { limitInputPixels: false }).metadata()
    if (autoOrient.width < 1 || autoOrient.height < 1) return unknownSize
    return { widthPixels: autoOrient.width, heightPixels: autoOrient.height }
  } catch {
    return unknownSize
  }
}
