import { createHash, randomBytes } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'

export interface Probe {
  readonly bytes: Buffer
  readonly contentHash: ContentHash
  readonly contentType: 'image/png'
}

const edgePixels = 16
const bytesPerPixel = 3

/** A picture of noise, of about 1 kB: no two are alike, so that none is ever stored already. Source: PNG specification, section 5. */
export function makeProbe(): Probe {
  const rows = Array.from({ length: edgePixels }, () => Buffer.concat([Buffer.of(0), randomBytes(edgePixels * bytesPerPixel)]))
  const header = Buffer.alloc(13)
  header.writeUInt32BE(edgePixels, 0)
  header.writeUInt32BE(edgePixels, 4)
  header.set([8, 2, 0, 0, 0], 8) // 8 bits a channel, RGB
  const bytes = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
  return { bytes, contentHash: contentHashOf(createHash('sha256').update(bytes).digest()), contentType: 'image/png' }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
