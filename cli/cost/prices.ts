import type { StorageClass } from '../../contract/remote-configuration.ts'

/** Every price is for AWS's region us-east-1, in US dollars, without taxes. */
export const pricedRegion = 'us-east-1'

/** What AWS calls a GB, of storage, of transfer and of memory. Google's is taken to be the same. */
export const bytesInGb = 2 ** 30

export const storageClasses: readonly StorageClass[] = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
]

export interface Price {
  readonly usd: number
  /** What one gets for it. */
  readonly per: 'GB-month' | 'GB' | 'GB-second' | '1,000 requests' | 'million requests' | '1,000 objects a month' | 'a month'
  /** When it was this: the month of a page that says so, or the year of what is known where none does. */
  readonly asOf: string
  /** The page that says so; null where only {@link PriceList.page} would. */
  readonly seenAt: string | null
}

export interface PriceList {
  readonly service: string
  /** Where the service itself tells its prices of today. */
  readonly page: string
  readonly prices: Readonly<Record<string, Price>>
}

const glacierGuide = 'https://www.usage.ai/blogs/aws/storage-cost/glacier-deep-archive-pricing/'
const s3Guide = 'https://www.usage.ai/blogs/aws/storage-cost/s3/cost-calculator/'
const restoreNote = 'https://gist.github.com/casouri/56e1e634e50d1ae023f3bb8ea4d053de'

const perGbMonth = (usd: number, asOf = '2026-06', seenAt: string | null = glacierGuide): Price => ({
  usd,
  per: 'GB-month',
  asOf,
  seenAt,
})
const perGb = (usd: number, asOf = '2026-06', seenAt: string | null = glacierGuide): Price => ({ usd, per: 'GB', asOf, seenAt })
const perThousand = (usd: number, asOf = '2025', seenAt: string | null = null): Price => ({
  usd,
  per: '1,000 requests',
  asOf,
  seenAt,
})
const perMillion = (usd: number, asOf: string, seenAt: string | null): Price => ({ usd, per: 'million requests', asOf, seenAt })

export const s3Prices = {
  service: 'S3',
  page: 'https://aws.amazon.com/s3/pricing/',
  prices: {
    'storage STANDARD': perGbMonth(0.023),
    'storage STANDARD_IA': perGbMonth(0.0125),
    'storage GLACIER_IR': perGbMonth(0.004),
    'storage DEEP_ARCHIVE': perGbMonth(0.00099),
    'INTELLIGENT_TIERING, first 30 days': perGbMonth(0.023, '2025', null),
    'INTELLIGENT_TIERING, after 30 days': perGbMonth(0.0125, '2025', null),
    'INTELLIGENT_TIERING, after 90 days': perGbMonth(0.004, '2025', null),
    'INTELLIGENT_TIERING, monitoring': { usd: 0.0025, per: '1,000 objects a month', asOf: '2026-06', seenAt: s3Guide },
    'PUT STANDARD': perThousand(0.005),
    'PUT STANDARD_IA': perThousand(0.01),
    'PUT INTELLIGENT_TIERING': perThousand(0.005),
    'PUT GLACIER_IR': perThousand(0.02),
    'PUT DEEP_ARCHIVE': perThousand(0.05, '2023-03', restoreNote),
    'GET STANDARD': perThousand(0.0004),
    'GET STANDARD_IA': perThousand(0.001),
    'GET INTELLIGENT_TIERING': perThousand(0.0004),
    'GET GLACIER_IR': perThousand(0.01),
    'GET DEEP_ARCHIVE': perThousand(0.0004),
    'retrieval STANDARD_IA': perGb(0.01),
    'retrieval GLACIER_IR': perGb(0.03),
    'retrieval DEEP_ARCHIVE, bulk': perGb(0.0025),
    'retrieval DEEP_ARCHIVE, standard': perGb(0.02),
    'thaw DEEP_ARCHIVE, bulk': perThousand(0.025, '2023-03', restoreNote),
    'thaw DEEP_ARCHIVE, standard': perThousand(0.1, '2023-03', restoreNote),
    'transfer out, beyond 100 GB a month': perGb(
      0.09,
      '2026-06',
      'https://cloud-cost-557.pages.dev/blog/estimate-aws-data-transfer-bill/',
    ),
  },
} as const satisfies PriceList

export const lambdaPrices = {
  service: 'Lambda, arm64',
  page: 'https://aws.amazon.com/lambda/pricing/',
  prices: {
    duration: { usd: 0.0000133334, per: 'GB-second', asOf: '2025', seenAt: null },
    requests: perMillion(0.2, '2025', null),
  },
} as const satisfies PriceList

export const dynamoDbPrices = {
  service: 'DynamoDB, on demand',
  page: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  prices: {
    'write units': perMillion(0.625, '2025-07', 'https://airbyte.com/data-engineering-resources/dynamodb-pricing'),
    'read units': perMillion(0.125, '2025-07', 'https://airbyte.com/data-engineering-resources/dynamodb-pricing'),
    storage: perGbMonth(0.25, '2025', null),
    'point-in-time recovery': perGbMonth(0.2, '2025', null),
  },
} as const satisfies PriceList

export const apiPrices = {
  service: 'API Gateway, HTTP API',
  page: 'https://aws.amazon.com/api-gateway/pricing/',
  prices: { requests: perMillion(1, '2026', 'https://go-cloud.io/aws-api-gateway-pricing') },
} as const satisfies PriceList

export const queuePrices = {
  service: 'SQS, standard queue',
  page: 'https://aws.amazon.com/sqs/pricing/',
  prices: {
    requests: perMillion(0.4, '2026-06', 'https://www.factualminds.com/blog/amazon-sqs-pricing-64kb-rule-fifo-vs-standard/'),
  },
} as const satisfies PriceList

const cloudWatchGuide = 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/'

export const cloudWatchPrices = {
  service: 'CloudWatch',
  page: 'https://aws.amazon.com/cloudwatch/pricing/',
  prices: {
    'logs, written': { usd: 0.5, per: 'GB', asOf: '2026-06', seenAt: cloudWatchGuide },
    'logs, kept': perGbMonth(0.03, '2025', null),
    'each alarm beyond ten': { usd: 0.1, per: 'a month', asOf: '2025', seenAt: null },
  },
} as const satisfies PriceList

export const priceLists: readonly PriceList[] = [s3Prices, lambdaPrices, dynamoDbPrices, apiPrices, queuePrices, cloudWatchPrices]

/** So much is not charged, as part of the price and for good. */
export const included = { alarms: 10, transferGb: 100 } as const

/**
 * What AWS gives every account each month, for good: left out of every sum here unless it is said. Another use of the same
 * account may have used it up. Source: https://aws.amazon.com/free/, as of 2026-05.
 */
export const alwaysFree = {
  lambdaGbSeconds: 400_000,
  lambdaRequests: 1_000_000,
  queueRequests: 1_000_000,
  indexGb: 25,
  logGb: 5,
} as const

/**
 * Source: https://one.google.com/about/plans, for India, paid by the month. 100 GB: as of 2026-11; the others: as of 2025,
 * confirmed by no page that we have seen.
 */
export const googleOnePlans = [
  { name: '100 GB', gb: 100, inrPerMonth: 130 },
  { name: '200 GB', gb: 200, inrPerMonth: 210 },
  { name: '2 TB', gb: 2048, inrPerMonth: 650 },
] as const

/** Of every Google account, for mail, files and photos together. Left out of every sum. Source: https://support.google.com/googleone/answer/9004014 */
export const googleFreeGb = 15

/** As of 2026-11, rounded to what 130 INR = $1.44 says. */
export const inrPerUsd = 90
export const pricesAsOf = '2026-11'
