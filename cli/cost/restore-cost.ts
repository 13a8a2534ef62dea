import type { StorageClass } from '../../contract/remote-configuration.ts'
import { type Library, originalsIn } from './library.ts'
import { bytesInGb, included, s3Prices } from './prices.ts'
import { workload } from './workload.ts'

/** What it costs to get everything back once, within one month, in US dollars. */
export interface RestoreCost {
  /** Out of AWS, beyond what is included. */
  readonly transfer: number
  readonly requests: number
  /** Out of the storage class: taking it out, asking for it, keeping the thawed copy, or what reading wakes up. */
  readonly retrieval: number
}

export function restoreCostOf(library: Library, storageClass: StorageClass): RestoreCost {
  const { prices } = s3Prices
  const { count, sizeBytes } = originalsIn(library)
  const gb = sizeBytes / bytesInGb
  return {
    transfer: Math.max(0, gb - included.transferGb) * prices['transfer out, beyond 100 GB a month'].usd,
    requests: ((count * looks(storageClass)) / 1000) * prices[`GET ${storageClass}`].usd,
    retrieval: retrievalUsd(library, storageClass),
  }
}

/** A thaw takes a refused GET, a HEAD, and a GET when one comes back; RestoreObject itself is part of the retrieval. */
function looks(storageClass: StorageClass): number {
  return storageClass === 'DEEP_ARCHIVE' ? 3 : 1
}

export function restoreTotal({ transfer, requests, retrieval }: RestoreCost): number {
  return transfer + requests + retrieval
}

function retrievalUsd(library: Library, storageClass: StorageClass): number {
  const { prices } = s3Prices
  const { count, sizeBytes } = originalsIn(library)
  const gb = sizeBytes / bytesInGb
  switch (storageClass) {
    case 'STANDARD':
      return 0
    case 'STANDARD_IA':
    case 'GLACIER_IR':
      return gb * prices[`retrieval ${storageClass}`].usd
    case 'DEEP_ARCHIVE': {
      const copy = (gb * prices['storage STANDARD'].usd * workload.thawedDays) / 30
      return gb * prices['retrieval DEEP_ARCHIVE, bulk'].usd + (count / 1000) * prices['thaw DEEP_ARCHIVE, bulk'].usd + copy
    }
    case 'INTELLIGENT_TIERING':
      return awakenedUsd(library)
  }
}

/** Reading is free, but what is read is in the first tier again: a month there, and two in the second. */
function awakenedUsd({ byAge: [, , , oldest] }: Library): number {
  const { prices } = s3Prices
  const sleeping = prices['INTELLIGENT_TIERING, after 90 days'].usd
  const more =
    prices['INTELLIGENT_TIERING, first 30 days'].usd + 2 * prices['INTELLIGENT_TIERING, after 30 days'].usd - 3 * sleeping
  return ((oldest.whole.sizeBytes + oldest.parts.sizeBytes) / bytesInGb) * more
}
