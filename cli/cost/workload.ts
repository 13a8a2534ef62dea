import { bytesInGb } from './prices.ts'

/**
 * What the backend does for a photo and for a month, counted in its code and measured; how, is told in docs/cost.md. Where a
 * number depends on chance it is the upper one.
 */
export const workload = {
  /** View and thumbnail of one detailed JPEG of 33 megapixels: 406 + 19 kB. Where a library is known, its own average counts. */
  renditionBytesPerPhoto: 425_000,
  /** One journal entry; a batch of them is an object. */
  journalBytesPerPhoto: 300,
  /** Requests of class PUT that are not for the original: upload, two renditions, a journal. */
  putsPerPhoto: 4,
  /** Requests of class GET to the upload bucket: has it arrived?, read it. */
  getsPerPhoto: 2,
  /** The same to the original where it is stored: is it there?, with its confirmation. */
  looksPerPhoto: 1,
  /** Photo and location, each in the table and in its index by capture time; none is over 1 KB. */
  writeUnitsPerPhoto: 4,
  /** Begin, process, and some confirmations until it is indexed; consistent, of less than 4 KB. */
  readUnitsPerPhoto: 6,
  /** A photo of 840 bytes and a location of 520, with the 100 that DynamoDB adds to each. */
  tableBytesPerPhoto: 1_560,
  /** S3 sends, the function's poller receives and deletes. */
  queueRequestsPerPhoto: 3,
  /** Nobody has anything to do: five pollers ask every 20 seconds, day and night. */
  queueRequestsPerMonth: (5 * 3 * 60 * 24 * 365) / 12,
  /** A run of `photos sync` every night. */
  runsPerMonth: 30,
  apiCallsPerRun: 10,
  /** Photos are asked about in batches, so that one call each is more than there are. */
  apiCallsPerPhoto: 1,
  /** 512 MB for half a second, with a cold start. */
  gbSecondsPerApiCall: 0.25,
  logBytesPerInvocation: 1_000,
  logMonthsKept: 1,
  /** That the template makes. */
  alarms: 10,
  /** So long a thawed original lies beside the archive. */
  thawedDays: 7,
} as const

/** Originals over this go up, and are stored, in parts. */
export const largestWholeBytes = 64 * 2 ** 20
export const uploadPartBytes = 8 * 2 ** 20
export const storedPartBytes = 16 * 2 ** 20

/** What Intelligent-Tiering watches, and what STANDARD_IA and GLACIER_IR bill at least. Source: S3 User Guide, storage classes. */
export const smallObjectBytes = 128 * 2 ** 10

/** What DEEP_ARCHIVE adds to an object: its index at its own price, its name at that of STANDARD. */
export const archiveOverheadGb = { archived: (32 * 2 ** 10) / bytesInGb, standard: (8 * 2 ** 10) / bytesInGb } as const

/**
 * Of the processing function, for an original of this size: 3 for 20 MB. It grows with the bytes, which is too much for a video,
 * since that is only hashed and stored.
 */
export function processingGbSeconds(photos: number, sizeBytes: number): number {
  return 0.5 * photos + (0.125 * sizeBytes) / 1e6
}
