import { crc32 } from 'node:zlib'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'

/**
 * What tells one version of a file from the next without reading it. Times are milliseconds since 1970 as `lstat` gives
 * them; inodes beyond 2^53 are rounded, always in the same way.
 */
export interface Fingerprint {
  readonly device: number
  readonly inode: number
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** What is remembered of a file. */
export interface FileRecord {
  readonly fingerprint: Fingerprint
  /** Null where the content says that it is no photo, video or sidecar. */
  readonly contentHash: ContentHash | null
  /**
   * Length in bytes of the location under which the remote confirmed the file; 0 before it did. A location is the tail
   * of a file's path, so its length names it, and a folder synced again from higher up is not mistaken for confirmed.
   */
  readonly confirmedLocationBytes: number
}

/** The stat fields that make a fingerprint. */
export interface FileStats {
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

export function fingerprintOf(stats: FileStats): Fingerprint {
  return { device: stats.dev, inode: stats.ino, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs }
}

export function isSameFile(one: Fingerprint, other: Fingerprint): boolean {
  return (
    one.mtimeMs === other.mtimeMs &&
    one.sizeBytes === other.sizeBytes &&
    one.ctimeMs === other.ctimeMs &&
    one.inode === other.inode &&
    one.device === other.device
  )
}

/** Whether they differ in the ctime at most, which also another name of the file changes, as `link(2)` gives it. */
export function isSameButForCtime(one: Fingerprint, other: Fingerprint): boolean {
  return isSameFile({ ...one, ctimeMs: other.ctimeMs }, other)
}

/** Coarser than the clock of any file system: FAT counts in two seconds. */
const racyMs = 2000

/**
 * Whether the file was touched so shortly before (or after) it was looked at that a further change could leave the same
 * times behind. Such a fingerprint proves nothing (git's "racy" index entries).
 */
export function isRacy(fingerprint: Fingerprint, seenAtMs: number): boolean {
  return Math.abs(seenAtMs - fingerprint.mtimeMs) < racyMs || Math.abs(seenAtMs - fingerprint.ctimeMs) < racyMs
}

// CRC-32 of the rest, five doubles, one 16-bit length, and 32 bytes of SHA-256 unless the file is no photo; little-endian.
const crcBytes = 4
const hashOffset = crcBytes + 5 * 8 + 2
const hashBytes = 32

export function encodeFileRecord(record: FileRecord): Buffer {
  const bytes = Buffer.alloc(hashOffset + (record.contentHash === null ? 0 : hashBytes))
  const { device, inode, sizeBytes, mtimeMs, ctimeMs } = record.fingerprint
  let offset = crcBytes
  for (const number of [device, inode, sizeBytes, mtimeMs, ctimeMs]) offset = bytes.writeDoubleLE(number, offset)
  bytes.writeUInt16LE(record.confirmedLocationBytes, offset)
  if (record.contentHash !== null) bytes.write(record.contentHash, hashOffset, 'hex')
  bytes.writeUInt32LE(crc32(bytes.subarray(crcBytes)), 0)
  return bytes
}

/** The record, or undefined for bytes that are damaged: such a file is read again. */
export function findFileRecord(bytes: Buffer): FileRecord | undefined {
  const isPhoto = bytes.length === hashOffset + hashBytes
  if (!isPhoto && bytes.length !== hashOffset) return undefined
  if (bytes.readUInt32LE(0) !== crc32(bytes.subarray(crcBytes))) return undefined
  return {
    fingerprint: {
      device: bytes.readDoubleLE(4),
      inode: bytes.readDoubleLE(12),
      sizeBytes: bytes.readDoubleLE(20),
      mtimeMs: bytes.readDoubleLE(28),
      ctimeMs: bytes.readDoubleLE(36),
    },
    confirmedLocationBytes: bytes.readUInt16LE(44),
    contentHash: isPhoto ? contentHashOf(bytes.subarray(hashOffset)) : null,
  }
}
