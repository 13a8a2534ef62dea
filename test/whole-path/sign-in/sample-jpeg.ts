import sharp from 'sharp'

/** A small photo, large enough for renditions. */
export async function sampleJpeg(background: string): Promise<Buffer> {
  return await sharp({ create: { width: 600, height: 400, channels: 3, background } })
    .jpeg()
    .toBuffer()
}
