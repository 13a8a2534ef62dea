import {
  ConditionalCheckFailedException,
  type CreateTableCommandInput,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb'

export interface ExpiredRecords {
  readonly definition: CreateTableCommandInput
  /** Epoch seconds. */
  readonly expiryAttribute: string
  readonly now: Date
  readonly signal?: AbortSignal | undefined
}

/** DynamoDB's time to live, which dynalite does not have. A record that is given more time meanwhile stays. */
export async function removeExpired(client: DynamoDBClient, { definition, expiryAttribute, now, signal }: ExpiredRecords) {
  const { TableName } = definition
  const keyNames = (definition.KeySchema ?? []).flatMap(({ AttributeName }) => AttributeName ?? [])
  const condition = {
    ExpressionAttributeNames: { '#expiry': expiryAttribute },
    ExpressionAttributeValues: { ':now': { N: String(Math.floor(now.getTime() / 1000)) } },
  }
  const hasExpired = '#expiry <= :now'
  for await (const { Items = [] } of paginateScan({ client }, { TableName, FilterExpression: hasExpired, ...condition })) {
    for (const item of Items) {
      if (signal?.aborted) return
      const Key = Object.fromEntries(Object.entries(item).filter(([name]) => keyNames.includes(name)))
      const removed = client.send(new DeleteItemCommand({ TableName, Key, ConditionExpression: hasExpired, ...condition }))
      await removed.catch((error: unknown) => {
        if (!(error instanceof ConditionalCheckFailedException)) throw error
      })
    }
  }
}
