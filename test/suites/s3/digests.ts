import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc'

export function sha256Of(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}

export function sha256HexOf(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function md5Of(bytes: string | Buffer, encoding: 'hex' | 'base64' = 'hex'): string {
  return createHash('md5').update(bytes).digest(encoding)
}

/** Every checksum that S3 knows, by the header that carries it, in base64. */
export async function checksumsOf(bytes: Buffer): Promise<Readonly<Record<string, string>>> {
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(bytes))
  const [crc32c, crc64nvme] = [new Crc32c(), new Crc64Nvme()]
  crc32c.update(bytes)
  crc64nvme.update(bytes)
  return {
    'x-amz-checksum-crc32': crc.toString('base64'),
    'x-amz-checksum-crc32c': Buffer.from(await crc32c.digest()).toString('base64'),
    'x-amz-checksum-crc64nvme': Buffer.from(await crc64nvme.digest()).toString('base64'),
    'x-amz-checksum-sha1': createHash('sha1').update(bytes).digest('base64'),
    'x-amz-checksum-sha256': sha256Of(bytes),
  }
}
