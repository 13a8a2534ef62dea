import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { type SignedInDevice, signedInDeviceSchema } from '../../contract/devices.ts'
import type { Owner } from '../../contract/owner.ts'
import { authRecordKeys } from '../aws/auth-table.ts'
import { unlessRefused } from '../aws/conditional-write.ts'
import { hashSecret } from './auth-keys.ts'

/** An owner has so many at most. */
export const maximumDevices = 100

/** A refresh token lives for 365 days from the sign-in, also when it is rotated: after that, nobody can refresh. */
const deviceSeconds = 366 * 24 * 60 * 60

const deviceRecordSchema = signedInDeviceSchema.extend({ record: z.string(), expiresAt: z.int() })

export interface NewDevice {
  readonly deviceId: string
  readonly secretHash: string
  readonly name: string
  readonly signedInFrom: string
}

/** The machines that an owner has signed in. What is not here cannot refresh its session: see docs/adr/0004. */
export interface Devices {
  /**
   * Whether this sign-in has not registered a device before, which it may only once: else a session whose device was
   * revoked would register itself again, with the access token that it still has.
   */
  isFirstOf(owner: Owner, signInId: string): Promise<boolean>
  put(owner: Owner, device: NewDevice): Promise<void>
  /** Newest first. */
  list(owner: Owner): Promise<readonly SignedInDevice[]>
  /** False if there was none. */
  remove(owner: Owner, deviceId: string): Promise<boolean>
  /** Notes that a device refreshes its session; false when there is no such device, or its secret is another. */
  noteRefresh(owner: Owner, deviceId: string, secretHash: string): Promise<boolean>
}

export function openDevices(client: DynamoDBDocumentClient, tableName: string, now: () => Date): Devices {
  const seconds = () => Math.floor(now().getTime() / 1000)

  return {
    async isFirstOf(owner, signInId) {
      const put = new PutCommand({
        TableName: tableName,
        Item: { ...authRecordKeys.registration(owner, hashSecret(signInId)), expiresAt: seconds() + deviceSeconds },
        ConditionExpression: 'attribute_not_exists(#record)',
        ExpressionAttributeNames: { '#record': 'record' },
      })
      return (await unlessRefused(client.send(put))) !== undefined
    },

    async put(owner, device) {
      const times = { signedInAt: now().toISOString(), lastRefreshedAt: null, expiresAt: seconds() + deviceSeconds }
      const put = new PutCommand({
        TableName: tableName,
        Item: { ...authRecordKeys.device(owner, device.deviceId), ...device, ...times },
        ConditionExpression: 'attribute_not_exists(#record)',
        ExpressionAttributeNames: { '#record': 'record' },
      })
      await client.send(put)
    },

    async list(owner) {
      const { partition, recordPrefix } = authRecordKeys.devicesOf(owner)
      const query = new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: '#partition = :partition AND begins_with(#record, :prefix)',
        ExpressionAttributeNames: { '#partition': 'partition', '#record': 'record' },
        ExpressionAttributeValues: { ':partition': partition, ':prefix': recordPrefix },
        ConsistentRead: true,
      })
      const { Items = [] } = await client.send(query)
      return Items.map((item) => deviceRecordSchema.parse(item))
        .filter((device) => device.expiresAt > seconds())
        .map(({ record: _record, expiresAt: _expiresAt, ...device }) => device)
        .sort((one, other) => other.signedInAt.localeCompare(one.signedInAt))
    },

    async remove(owner, deviceId) {
      const remove = new DeleteCommand({
        TableName: tableName,
        Key: authRecordKeys.device(owner, deviceId),
        ReturnValues: 'ALL_OLD',
      })
      return (await client.send(remove)).Attributes !== undefined
    },

    async noteRefresh(owner, deviceId, secretHash) {
      const update = new UpdateCommand({
        TableName: tableName,
        Key: authRecordKeys.device(owner, deviceId),
        UpdateExpression: 'SET lastRefreshedAt = :at',
        ConditionExpression: 'secretHash = :secretHash AND expiresAt > :now',
        ExpressionAttributeValues: { ':at': now().toISOString(), ':secretHash': secretHash, ':now': seconds() },
      })
      return (await unlessRefused(client.send(update))) !== undefined
    },
  }
}
