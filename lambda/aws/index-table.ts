import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { ContentHash } from '../../contract/content-hash.ts'

/** The index by capture time: photos in wall-time order, each followed by its locations. */
export const captureTimeIndexName = 'by-capture-time'

/**
 * Sort keys of the index table, whose partition key is the owner:
 * `photo#HASH` (one photo), `location#HASH#ID` (where it was found), `upload#HASH` (a multipart upload under way),
 * `rejection#HASH` (bytes that were not what they were said to be), `probe#HASH` and `probe#HASH#outcome` (a probe of
 * `photos doctor`, and what became of it), `removed-probe#HASH` (nothing shall come of it any more), `verification#ID#HASH` (what
 * was found when a stored original was read again). All but the first two expire.
 */
export const recordKeys = {
  photo: (contentHash: ContentHash) => `photo#${contentHash}`,
  location: (contentHash: ContentHash, locationId: string) => `location#${contentHash}#${locationId}`,
  locationsOf: (contentHash: ContentHash) => `location#${contentHash}#`,
  upload: (contentHash: ContentHash) => `upload#${contentHash}`,
  rejection: (contentHash: ContentHash) => `rejection#${contentHash}`,
  everyPhoto: 'photo#',
  probe: (contentHash: ContentHash) => `probe#${contentHash}`,
  probeOutcome: (contentHash: ContentHash) => `probe#${contentHash}#outcome`,
  everyProbe: 'probe#',
  verification: (verificationId: string, contentHash: ContentHash) => `verification#${verificationId}#${contentHash}`,
  everyVerification: 'verification#',
  removedProbe: (contentHash: ContentHash) => `removed-probe#${contentHash}`,
} as const

/** Starts the sort key of photos without a capture time; after every digit, so that they are listed last. */
export const undatedPrefix = 'undated#'

/**
 * Starts the sort key of photos in the trash, before the one that they had: after everything that is listed otherwise.
 */
export const trashPrefix = '~trash#'

/** The table as the template and the embedded backend create it. */
export function indexTableDefinition(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'owner', AttributeType: 'S' },
      { AttributeName: 'record', AttributeType: 'S' },
      { AttributeName: 'captureSort', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'owner', KeyType: 'HASH' },
      { AttributeName: 'record', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: captureTimeIndexName,
        KeySchema: [
          { AttributeName: 'owner', KeyType: 'HASH' },
          { AttributeName: 'captureSort', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  }
}
