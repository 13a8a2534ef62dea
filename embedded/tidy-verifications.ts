import { expiryAttribute } from '../lambda/aws/auth-table.ts'
import { indexTableDefinition, recordKeys } from '../lambda/aws/index-table.ts'
import { listAccounts } from './accounts.ts'
import type { EmbeddedDynamoDb } from './dynamodb.ts'
import { indexTable } from './functions.ts'
import type { LibraryIdentity } from './library.ts'

/**
 * What DynamoDB's time to live does for the outcomes of verifications, of which every photo may leave one a day. Looks at nothing else
 * of the index: that may have many thousands of records, and all of them stay.
 */
export async function removeExpiredVerifications(
  dynamoDb: EmbeddedDynamoDb,
  { folder, identity }: { readonly folder: string; readonly identity: LibraryIdentity },
  now: Date,
  signal?: AbortSignal,
): Promise<void> {
  const owners = [identity.owner, ...(await listAccounts(folder)).map(({ owner }) => owner)]
  for (const partition of new Set(owners)) {
    const range = { partition, prefix: recordKeys.everyVerification }
    await dynamoDb.removeExpired(indexTableDefinition(indexTable), expiryAttribute, now, { signal, range })
  }
}
