import { ClassicLevel } from 'classic-level'
import { expect, onTestFinished, test } from 'vitest'
import { openDynamoDb } from '../../embedded/dynamodb.ts'
import { authTableDefinition } from '../../lambda/aws/auth-table.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a table of which the maker was killed is made anew; one that is there stays', async () => {
  const folder = await temporaryFolder()
  const [whole, unfinished] = [authTableDefinition('whole'), authTableDefinition('unfinished')]
  const before = await openDynamoDb(folder, 'us-east-1')
  await before.ensureTable(whole)
  await before.ensureTable(unfinished)
  await before.close()

  const database = new ClassicLevel<string, Record<string, unknown>>(folder, { valueEncoding: 'json' })
  const records = async () => new Map(await database.iterator({ gte: 'table~', lt: 'table\x7f' }).all())
  const made = await records()
  expect([...made.keys()]).toEqual(['table~unfinished', 'table~whole'])
  await database.put('table~unfinished', { ...made.get('table~unfinished'), TableStatus: 'CREATING' })
  await database.close()

  const after = await openDynamoDb(folder, 'us-east-1')
  onTestFinished(() => after.close())
  await after.ensureTable(whole)
  await after.ensureTable(unfinished)
})
