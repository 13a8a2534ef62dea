import { crc32 } from 'node:zlib'
import type { ClassicLevel } from 'classic-level'
import type { Attempt } from './registrations.ts'

/** SHA-256, cut to this length: it tells versions of one folder apart, not forgeries. */
export const digestBytes = 16

/**
 * Of folders in which every file was found confirmed: digests of the names and fingerprints of all of them, some files a
 * digest, in order. A folder that still looks like this needs none of its records read. They stand only until anything that is
 * remembered of a file of the folder changes.
 */
export interface FolderDigests {
  find(folder: string): Promise<readonly Buffer[]>
  put(folder: string, digests: readonly Buffer[]): Promise<void>
}

type Database = ClassicLevel<string, Buffer>

export function openFolderDigests(database: Database, attempt: Attempt): FolderDigests {
  return {
    find: (folder) => attempt(async () => decode(await database.get(digestsKeyOf(folder))), []),
    put: (folder, digests) => attempt(() => database.put(digestsKeyOf(folder), encode(digests)), undefined),
  }
}

/** Before every path, which begins with a slash, and beside the registrations and the sources. */
const prefix = '\u0003'

export function digestsKeyOf(folder: string): string {
  return `${prefix}${folder}`
}

const crcBytes = 4

function encode(digests: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(crcBytes), ...digests])
  bytes.writeUInt32LE(crc32(bytes.subarray(crcBytes)), 0)
  return bytes
}

/** Of damaged bytes nothing: the folder's records are read then. */
function decode(bytes: Buffer | undefined): readonly Buffer[] {
  if (bytes === undefined || bytes.length < crcBytes) return []
  const digests = bytes.subarray(crcBytes)
  if (digests.length % digestBytes !== 0 || bytes.readUInt32LE(0) !== crc32(digests)) return []
  return Array.from({ length: digests.length / digestBytes }, (_, index) =>
    digests.subarray(index * digestBytes, (index + 1) * digestBytes),
  )
}
