import {
  ConditionalCheckFailedException,
  type CreateTableCommandInput,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateQuery,
  paginateScan,
} from '@aws-sdk/client-dynamodb'

export interface ExpiredRecords {
  readonly definition: CreateTableCommandInput
  /** Epoch seconds. */
  readonly expiryAttribute: string
  readonly now: Date
  readonly signal?: AbortSignal | undefined
  /** Only these: a table may have many more that never expire. */
  readonly range?: RecordRange | undefined
}

/** Records of one partition whose sort keys begin alike. */
export interface RecordRange {
  readonly partition: string
  readonly prefix: string
}

/** DynamoDB's time to live, which dynalite does not have. A record that is given more time meanwhile stays. */
export async function removeExpired(client: DynamoDBClient, expired: ExpiredRecords): Promise<void> {
  const { definition, expiryAttribute, now, signal, range } = expired
  const { TableName } = definition
  const keyNames = (definition.KeySchema ?? []).flatMap(({ AttributeName }) => AttributeName ?? [])
  const condition = {
    ExpressionAttributeNames: { '#expiry': expiryAttribute },
    ExpressionAttributeValues: { ':now': { N: String(Math.floor(now.getTime() / 1000)) } },
  }
  const hasExpired = '#expiry <= :now'
  const asked = { TableName, FilterExpression: hasExpired, ...condition }
  const pages = range ? paginateQuery({ client }, within(range, keyNames, asked)) : paginateScan({ client }, asked)
  for await (const { Items = [] } of pages) {
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

function within({ partition, prefix }: RecordRange, [partitionName = '', sortName = '']: readonly string[], asked: Filter) {
  return {
    ...asked,
    KeyConditionExpression: '#partition = :partition AND begins_with(#sort, :prefix)',
    ExpressionAttributeNames: { ...asked.ExpressionAttributeNames, '#partition': partitionName, '#sort': sortName },
    ExpressionAttributeValues: { ...asked.ExpressionAttributeValues, ':partition': { S: partition }, ':prefix': { S: prefix } },
  }
}

interface Filter {
  readonly TableName: string | undefined
  readonly FilterExpression: string
  readonly ExpressionAttributeNames: Record<string, string>
  readonly ExpressionAttributeValues: Record<string, { N: string }>
}
