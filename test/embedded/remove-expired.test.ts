import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect, onTestFinished, test } from 'vitest'
import { dynamoDbEndpoint, openDynamoDb } from '../../embedded/dynamodb.ts'
import { authTableDefinition, expiryAttribute } from '../../lambda/aws/auth-table.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('what has expired is removed from the table, page by page, and nothing else', async () => {
  const table = authTableDefinition('a-table')
  const { TableName } = table
  const dynamoDb = await openDynamoDb(await temporaryFolder(), 'us-east-1')
  onTestFinished(() => dynamoDb.close())
  await dynamoDb.ensureTable(table)
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: dynamoDbEndpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler({ httpAgent: dynamoDb.agent }),
  })
  const put = async (partition: string, expiresAt: number | undefined) => {
    const expiry = expiresAt === undefined ? {} : { [expiryAttribute]: { N: String(expiresAt) } }
    // Three of these are more than the megabyte that a scan reads at once.
    const Item = { partition: { S: partition }, record: { S: 'a' }, text: { S: 'x'.repeat(390_000) }, ...expiry }
    await client.send(new PutItemCommand({ TableName, Item }))
  }
  for (const name of ['1', '2', '3', '4', '5']) await put(`expired#${name}`, 999)
  await put('expires now', 1000)
  await put('expires later', 1001)
  await put('stays', undefined)

  await dynamoDb.removeExpired(table, expiryAttribute, new Date(1_000_999))
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName, ProjectionExpression: '#p', ExpressionAttributeNames: { '#p': 'partition' } }),
  )
  expect(Items.map(({ partition }) => partition?.S).toSorted()).toEqual(['expires later', 'stays'])
})
