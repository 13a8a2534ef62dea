import type { StorageClass } from '../../contract/remote-configuration.ts'
import { allOf, type Holdings } from './holdings.ts'
import { holdingsIn, type Library, originalsIn } from './library.ts'
import {
  alwaysFree,
  apiPrices,
  bytesInGb,
  cloudWatchPrices,
  dynamoDbPrices,
  included,
  lambdaPrices,
  queuePrices,
  s3Prices,
} from './prices.ts'
import {
  archiveOverheadGb,
  processingGbSeconds,
  smallObjectBytes,
  storedPartBytes,
  uploadPartBytes,
  workload,
} from './workload.ts'

/** One month of AWS's bill in US dollars at list price, a line for each thing that is paid for. */
export interface MonthBill {
  readonly originals: number
  readonly renditions: number
  readonly requests: number
  readonly functions: number
  readonly index: number
  readonly api: number
  readonly queue: number
  readonly logs: number
  readonly alarms: number
}

/** What AWS's always-free allowances take off a bill, of an account that is used for nothing else. */
export type FreeShare = Pick<MonthBill, 'functions' | 'index' | 'queue' | 'logs'>

export interface Month {
  readonly library: Library
  /** What is new this month; it is in the library already. */
  readonly added: Holdings
  readonly storageClass: StorageClass
}

export function billOf(month: Month): MonthBill {
  const use = useOf(month)
  const { prices: lambda } = lambdaPrices
  const { prices: dynamoDb } = dynamoDbPrices
  const { prices: cloudWatch } = cloudWatchPrices
  return {
    originals: storageUsd(month.library, month.storageClass),
    renditions: use.standardGb * s3Prices.prices['storage STANDARD'].usd,
    requests: requestsUsd(month.added, month.storageClass),
    functions: use.gbSeconds * lambda.duration.usd + (use.invocations / 1e6) * lambda.requests.usd,
    index:
      (use.writeUnits / 1e6) * dynamoDb['write units'].usd +
      (use.readUnits / 1e6) * dynamoDb['read units'].usd +
      // The index by capture time holds everything a second time; recovery is charged for the table alone.
      2 * use.tableGb * dynamoDb.storage.usd +
      use.tableGb * dynamoDb['point-in-time recovery'].usd,
    api: (use.apiCalls / 1e6) * apiPrices.prices.requests.usd,
    queue: (use.queueRequests / 1e6) * queuePrices.prices.requests.usd,
    logs: use.logGb * (cloudWatch['logs, written'].usd + workload.logMonthsKept * cloudWatch['logs, kept'].usd),
    alarms: Math.max(0, workload.alarms - included.alarms) * cloudWatch['each alarm beyond ten'].usd,
  }
}

export function freeShareOf(month: Month): FreeShare {
  const use = useOf(month)
  const { prices: lambda } = lambdaPrices
  const { prices: cloudWatch } = cloudWatchPrices
  return {
    functions:
      Math.min(use.gbSeconds, alwaysFree.lambdaGbSeconds) * lambda.duration.usd +
      (Math.min(use.invocations, alwaysFree.lambdaRequests) / 1e6) * lambda.requests.usd,
    index: Math.min(2 * use.tableGb, alwaysFree.indexGb) * dynamoDbPrices.prices.storage.usd,
    queue: (Math.min(use.queueRequests, alwaysFree.queueRequests) / 1e6) * queuePrices.prices.requests.usd,
    logs: Math.min(use.logGb, alwaysFree.logGb) * (cloudWatch['logs, written'].usd + cloudWatch['logs, kept'].usd),
  }
}

export function totalOf(lines: MonthBill | FreeShare): number {
  return Object.values(lines).reduce((total: number, usd: number) => total + usd, 0)
}

/** A month of storing the originals, with what their class adds to small ones and to each one. */
function storageUsd(library: Library, storageClass: StorageClass): number {
  const { prices } = s3Prices
  const { small, whole, parts } = holdingsIn(library)
  const { count, sizeBytes } = originalsIn(library)
  const gb = sizeBytes / bytesInGb
  switch (storageClass) {
    case 'STANDARD':
      return gb * prices['storage STANDARD'].usd
    case 'STANDARD_IA':
    case 'GLACIER_IR': {
      const billedBytes = small.count * smallObjectBytes + whole.sizeBytes + parts.sizeBytes
      return (billedBytes / bytesInGb) * prices[`storage ${storageClass}`].usd
    }
    case 'DEEP_ARCHIVE': {
      const archivedGb = gb + count * archiveOverheadGb.archived
      return archivedGb * prices['storage DEEP_ARCHIVE'].usd + count * archiveOverheadGb.standard * prices['storage STANDARD'].usd
    }
    case 'INTELLIGENT_TIERING':
      return tieredUsd(library)
  }
}

/** Nobody reads them, so that they come down a tier after 30 and after 90 days. Small ones are not watched and stay. */
function tieredUsd({ byAge }: Library): number {
  const { prices } = s3Prices
  const [first, second, third] = [
    prices['INTELLIGENT_TIERING, first 30 days'].usd,
    prices['INTELLIGENT_TIERING, after 30 days'].usd,
    prices['INTELLIGENT_TIERING, after 90 days'].usd,
  ]
  const usdPerGb = [first, second, second, third] as const
  return byAge.reduce((total, { small, whole, parts }, age) => {
    const watchedGb = (whole.sizeBytes + parts.sizeBytes) / bytesInGb
    const watching = ((whole.count + parts.count) / 1000) * prices['INTELLIGENT_TIERING, monitoring'].usd
    return total + (small.sizeBytes / bytesInGb) * first + watchedGb * (usdPerGb[age] ?? third) + watching
  }, 0)
}

/** S3's requests for what is new. Deleting is free. */
function requestsUsd(added: Holdings, storageClass: StorageClass): number {
  const { prices } = s3Prices
  const { count } = allOf(added)
  const { parts } = added
  // One of each is the PUT that is counted for every photo; begin and end come to it.
  const extraUploads = parts.sizeBytes / uploadPartBytes + parts.count
  const extraStores = parts.sizeBytes / storedPartBytes + parts.count
  return (
    ((count * workload.putsPerPhoto + extraUploads) * prices['PUT STANDARD'].usd +
      (count + extraStores) * prices[`PUT ${storageClass}`].usd +
      count * workload.getsPerPhoto * prices['GET STANDARD'].usd +
      count * workload.looksPerPhoto * prices[`GET ${storageClass}`].usd) /
    1000
  )
}

function useOf({ library, added }: Month) {
  const { count, sizeBytes } = allOf(added)
  const stored = originalsIn(library).count
  const apiCalls = workload.runsPerMonth * workload.apiCallsPerRun + count * workload.apiCallsPerPhoto
  const invocations = apiCalls + count
  return {
    standardGb: (library.renditionBytes + stored * workload.journalBytesPerPhoto) / bytesInGb,
    apiCalls,
    invocations,
    gbSeconds: processingGbSeconds(count, sizeBytes) + apiCalls * workload.gbSecondsPerApiCall,
    writeUnits: count * workload.writeUnitsPerPhoto,
    readUnits: count * workload.readUnitsPerPhoto,
    tableGb: (stored * workload.tableBytesPerPhoto) / bytesInGb,
    queueRequests: workload.queueRequestsPerMonth + count * workload.queueRequestsPerPhoto,
    logGb: (invocations * workload.logBytesPerInvocation) / bytesInGb,
  }
}
