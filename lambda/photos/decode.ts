import type { Metadata } from 'sharp'
import { findMediaType } from '../../contract/media-types.ts'
import { guardedSharp } from './guarded-sharp.ts'

/** The long edge of what is shown at web quality. */
export const viewLongEdgePixels = 2048

/** Decoded pixels at the view's size: upright, sRGB, 8 bits a channel, rows from the top without padding. */
export interface DecodedImage {
  readonly kind: 'image'
  readonly pixels: Buffer
  readonly widthPixels: number
  readonly heightPixels: number
  /** 3 (RGB), or 4 with an alpha channel that is not premultiplied: WebP keeps it, and what lies under it is the viewer's choice. */
  readonly channels: 3 | 4
}

export type Decoded = DecodedImage | { readonly kind: 'undecodable'; readonly reason: string }

/** Why an original has no renditions: every wording that there is, as it stands in the index. */
const reasons = {
  sidecar: 'a sidecar has no renditions',
  video: 'a video has no renditions yet',
  raw: 'a RAW file has no renditions yet',
  heic: 'HEIC cannot be decoded yet',
  format: 'this picture format cannot be decoded yet',
  unknown: 'not a picture',
  tooManyPixels: 'too many pixels to decode',
  tooSlow: 'decoding took too long',
  damaged: 'damaged: no picture can be decoded',
} as const

const decodableTypes: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/tiff',
  'image/avif',
])

/** Why originals of this type are not even tried; undefined where {@link decode} tries. */
export function reasonNotDecoded(contentType: string): string | undefined {
  if (decodableTypes.has(contentType)) return undefined
  // sharp reads a HEIC's header and fails on its HEVC pixels.
  if (contentType === 'image/heic' || contentType === 'image/heif') return reasons.heic
  const kind = findMediaType(contentType)?.kind
  if (kind === undefined) return reasons.unknown
  return kind === 'image' ? reasons.format : reasons[kind]
}

/**
 * Baseline JPEG, PNG and TIFF are decoded some rows at a time and need little memory at any size (200 MB at 400 megapixels),
 * so this bounds time: a JPEG of 280 megapixels takes 0.3 s, a PNG of 400 takes 4.5 s.
 */
const maximumPixels = 500_000_000
/** For what is decoded as a whole, the memory of which the frame may take this much: a Lambda has 1 GB, the original is in it too. */
const maximumFrameBytes = 500_000_000
const timeoutSeconds = 60

/**
 * Decodes an original once, for all its renditions: its first frame, made upright by the orientation tag and converted to
 * sRGB from the colour space that it says it has, shrunk to a long edge of {@link viewLongEdgePixels} and never enlarged.
 * A file that ends too early, or has wrong bytes in it, gives the part that can be decoded: that is what its owner still
 * has of it. Never throws: a file that gives nothing, or would take more memory or time than a photo needs, is undecodable.
 */
export async function decode(bytes: Buffer, contentType: string): Promise<Decoded> {
  const reason = reasonNotDecoded(contentType)
  if (reason) return { kind: 'undecodable', reason }
  try {
    const header = await guardedSharp(bytes, { limitInputPixels: false }).metadata()
    if (isTooLarge(header)) return { kind: 'undecodable', reason: reasons.tooManyPixels }
    return await decodePixels(bytes)
  } catch (error) {
    const tooSlow = error instanceof Error && error.message.startsWith('timeout')
    return { kind: 'undecodable', reason: tooSlow ? reasons.tooSlow : reasons.damaged }
  }
}

async function decodePixels(bytes: Buffer): Promise<Decoded> {
  const { data, info } = await guardedSharp(bytes, { limitInputPixels: maximumPixels, sequentialRead: true, failOn: 'none' })
    .timeout({ seconds: timeoutSeconds })
    .autoOrient()
    .resize({ width: viewLongEdgePixels, height: viewLongEdgePixels, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const channels = info.channels === 4 ? 4 : 3
  return { kind: 'image', pixels: data, widthPixels: info.width, heightPixels: info.height, channels }
}

function isTooLarge(header: Metadata): boolean {
  const pixels = header.width * header.height
  return pixels > maximumPixels || pixels * frameBytesPerPixel(header) > maximumFrameBytes
}

/** Peak memory of a pixel, measured, where the decoder needs the whole picture at once; 0 where it goes row by row. */
function frameBytesPerPixel({ format, isProgressive, channels, depth }: Metadata): number {
  const bytesPerSample = depth === 'uchar' ? 1 : 2
  switch (format) {
    case 'jpeg':
      return isProgressive ? channels * 2 : 0 // coefficients have 16 bits
    case 'png':
      return isProgressive ? channels * bytesPerSample : 0
    case 'tiff':
      return 0
    case 'heif': // AVIF
      return channels * (bytesPerSample === 1 ? 6 : 9)
    default: // WebP, GIF
      return 7
  }
}
