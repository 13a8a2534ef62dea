/** How an original travels, by its size. In bytes. */
export interface UploadSizes {
  /** Larger originals go up in parts. */
  readonly maximumPutBytes: number
  /** Parts are small enough for a client to hold a few, and large enough for S3's 10,000 of them. */
  readonly minimumPartBytes: number
  /** Larger originals are streamed into the storage once, and get no renditions. */
  readonly maximumInMemoryBytes: number
}

const mebibyte = 2 ** 20

export const usualUploadSizes: UploadSizes = {
  maximumPutBytes: 64 * mebibyte,
  minimumPartBytes: 8 * mebibyte,
  maximumInMemoryBytes: 64 * mebibyte,
}
