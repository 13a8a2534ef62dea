import { once } from 'node:events'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { Agent, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CreateTableCommand, type CreateTableCommandInput, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { ClassicLevel } from 'classic-level'
import dynalite from 'dynalite'
import * as z from 'zod'
import { ownServices } from '../lambda/aws/clients.ts'
import { type ExpiredRecords, removeExpired } from './remove-expired.ts'

export interface EmbeddedDynamoDb {
  /** Reaches DynamoDB through a socket in the file system: no port that another user of the machine could talk to. */
  readonly agent: Agent
  /** Creates a table unless it is there. */
  ensureTable(definition: CreateTableCommandInput): Promise<void>
  /** Removes what DynamoDB would remove by its time to live: all whose `expiryAttribute`, in epoch seconds, has passed. */
  removeExpired(
    definition: CreateTableCommandInput,
    expiryAttribute: string,
    now: Date,
    options?: Pick<ExpiredRecords, 'signal' | 'range'>,
  ): Promise<void>
  /** Everything written so far survives a power failure. dynalite itself leaves its writes to the operating system. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** A name for the `Host` header; the agent decides where the bytes go. */
export const dynamoDbEndpoint = 'http://dynamodb.embedded'

/** `dynalite` on one folder. */
export async function openDynamoDb(folder: string, region: string): Promise<EmbeddedDynamoDb> {
  // Not inside the library: a socket's path holds about 100 bytes, a library's may be longer.
  const socketFolder = await mkdtemp(join(tmpdir(), 'photos-'))
  await prepareDatabase(folder)
  const server = dynalite({ path: folder, createTableMs: 0 })
  const requests = followRequests(server)
  const throughSocket = { keepAlive: true, socketPath: socketPathIn(socketFolder) }
  await listen(server, throughSocket.socketPath)
  const agent = new Agent(throughSocket)
  const client = new DynamoDBClient({
    ...ownServices,
    accountIdEndpointMode: 'disabled',
    region,
    endpoint: dynamoDbEndpoint,
    credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
    requestHandler: new NodeHttpHandler({ httpAgent: agent }),
  })

  return {
    agent,
    ensureTable: (definition) => createTable(client, definition),
    removeExpired: (definition, expiryAttribute, now, options) =>
      removeExpired(client, { definition, expiryAttribute, now, ...options }),
    flush: () => syncLogs(folder),
    async close() {
      // What dynalite is at when its database closes it throws where nobody can catch it.
      await requests.settled()
      agent.destroy()
      server.close()
      await once(server, 'close')
      await rm(socketFolder, { recursive: true, force: true })
    },
  }
}

interface FollowedRequests {
  /** Resolves when none is being answered, and none has come the moment after. */
  settled(): Promise<void>
}

function followRequests(server: Server): FollowedRequests {
  const answering = new Set<ServerResponse>()
  server.on('request', (_, response: ServerResponse) => {
    answering.add(response)
    response.once('close', () => answering.delete(response))
  })
  return {
    async settled() {
      while (answering.size > 0) {
        await Promise.all([...answering].map((response) => once(response, 'close')))
        await setImmediate()
      }
    },
  }
}

/** dynalite throws where nobody can catch it when its database cannot be opened. */
async function prepareDatabase(folder: string): Promise<void> {
  const database = new ClassicLevel(folder)
  await database.open()
  await dropUnfinishedTables(database)
  await database.close()
}

const tableSchema = z.object({ TableStatus: z.string() })

/** A process that was killed while it made a table leaves one that stays in the making for ever. It has had no items yet. */
async function dropUnfinishedTables(database: ClassicLevel): Promise<void> {
  for await (const [key, value] of database.iterator({ gte: 'table~', lt: 'table\x7f' })) {
    if (tableSchema.parse(JSON.parse(value)).TableStatus !== 'ACTIVE') await database.del(key)
  }
}

function socketPathIn(folder: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll(/[^A-Za-z0-9]/g, '-')}` : join(folder, 'dynamodb.sock')
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path)
  await once(server, 'listening')
}

async function createTable(client: DynamoDBClient, definition: CreateTableCommandInput): Promise<void> {
  try {
    await client.send(new CreateTableCommand(definition))
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error
  }
  // Tables are made in the background, also here.
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: definition.TableName }))
    if (Table?.TableStatus === 'ACTIVE') return
    await setImmediate()
  }
}

/**
 * LevelDB appends every write to its newest `.log` file before it answers: syncing the file, through whichever
 * descriptor, makes those writes durable. A log that has just been merged into a table is gone, and durable as such.
 */
async function syncLogs(folder: string): Promise<void> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  await Promise.all(logs.map((name) => syncFile(join(folder, name))))
}

async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r+')
    await file.datasync()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
