import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { Owner } from '../../contract/owner.ts'

/** Time to live: epoch seconds. DynamoDB deletes up to days later, so that nothing is ever decided by a record's absence. */
export const expiryAttribute = 'expiresAt'

/** What starts the partition of an owner's devices; no other record's starts with it. */
export const deviceRecordsPrefix = 'owner#'

/** Keys of the auth table. What a person or a device holds stands here only as a hash. */
export const authRecordKeys = {
  /** What a device asked for, by the SHA-256 of its device code. */
  grant: (grantId: string) => ({ partition: `grant#${grantId}`, record: 'grant' }),
  /** Leads from the HMAC of a user code to its grant. */
  userCode: (userCodeHash: string) => ({ partition: `user-code#${userCodeHash}`, record: 'user-code' }),
  /** A browser's way through a sign-in, by the SHA-256 of its cookie. */
  session: (sessionId: string) => ({ partition: `session#${sessionId}`, record: 'session' }),
  /** Attempts within one window of time. */
  attempts: (counter: string) => ({ partition: `attempts#${counter}`, record: 'attempts' }),
  device: (owner: Owner, deviceId: string) => ({ partition: `${deviceRecordsPrefix}${owner}`, record: `device#${deviceId}` }),
  /** That a sign-in has registered its device, by the SHA-256 of what its tokens say of their origin. */
  registration: (owner: Owner, originHash: string) => ({
    partition: `${deviceRecordsPrefix}${owner}`,
    record: `registration#${originHash}`,
  }),
  devicesOf: (owner: Owner) => ({ partition: `${deviceRecordsPrefix}${owner}`, recordPrefix: 'device#' }),
} as const

/** The table as the template and the embedded backend create it; where there is a TTL, it is {@link expiryAttribute}. */
export function authTableDefinition(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'partition', AttributeType: 'S' },
      { AttributeName: 'record', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'partition', KeyType: 'HASH' },
      { AttributeName: 'record', KeyType: 'RANGE' },
    ],
  }
}
