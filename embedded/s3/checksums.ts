import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc'
import * as z from 'zod'
import { S3Error } from './s3-error.ts'

export const checksumAlgorithmSchema = z.enum(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'])
export type ChecksumAlgorithm = z.infer<typeof checksumAlgorithmSchema>

/** A checksum as S3 writes it: base64, with `-PARTS` behind it when it is a checksum of the parts' checksums. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
}

/** Takes bytes as they come; `digest` is asked for once. */
export interface Digester {
  update(bytes: Uint8Array): void
  digest(): Promise<Buffer>
}

const digestBytes: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 }

export function createDigester(algorithm: ChecksumAlgorithm | 'MD5'): Digester {
  switch (algorithm) {
    case 'CRC32':
      return createCrc32()
    case 'CRC32C':
      return wrap(new Crc32c())
    case 'CRC64NVME':
      return wrap(new Crc64Nvme())
    case 'MD5':
    case 'SHA1':
    case 'SHA256':
      return createCryptoDigester(algorithm.toLowerCase())
  }
}

function createCryptoDigester(name: string): Digester {
  const hash = createHash(name)
  return { update: (bytes) => void hash.update(bytes), digest: () => Promise.resolve(hash.digest()) }
}

/** zlib's is native: the SDK's own, in JavaScript, costs ten times as much. */
function createCrc32(): Digester {
  let value = 0
  return {
    update: (bytes) => {
      value = crc32(bytes, value)
    },
    digest: () => {
      const digest = Buffer.alloc(4)
      digest.writeUInt32BE(value)
      return Promise.resolve(digest)
    },
  }
}

function wrap(checksum: { update(bytes: Uint8Array): void; digest(): Promise<Uint8Array> }): Digester {
  return { update: (bytes) => checksum.update(bytes), digest: async () => Buffer.from(await checksum.digest()) }
}

/** `x-amz-checksum-sha256` and its like. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

export function findChecksumAlgorithm(headerName: string): ChecksumAlgorithm | undefined {
  return checksumAlgorithmSchema.options.find((algorithm) => checksumHeader(algorithm) === headerName.toLowerCase())
}

/** The one checksum that a request declares in a header. Throws S3Error InvalidRequest for two, or one of a wrong size. */
export function findDeclaredChecksum(headers: ReadonlyMap<string, string>): Checksum | undefined {
  const declared = checksumAlgorithmSchema.options.flatMap((algorithm) => {
    const value = headers.get(checksumHeader(algorithm))
    return value === undefined ? [] : [{ algorithm, value }]
  })
  if (declared.length > 1) {
    throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  return declared[0]
}

/** Throws S3Error InvalidRequest unless the value is base64 of as many bytes as the algorithm gives. */
export function requireChecksumValue(checksum: Checksum): void {
  const bytes = Buffer.from(checksum.value, 'base64')
  if (bytes.length === digestBytes[checksum.algorithm] && bytes.toString('base64') === checksum.value) return
  throw new S3Error('InvalidRequest', `Value for ${checksumHeader(checksum.algorithm)} header is invalid.`)
}
