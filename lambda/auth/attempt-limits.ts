import { createHash } from 'node:crypto'
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { authRecordKeys } from '../aws/auth-table.ts'
import { unknownAddress } from './client-address.ts'

/** Attempts are counted in windows of this length. */
const windowSeconds = 10 * 60

/**
 * How many attempts there are in a window. Of the 20^8 user codes an address can try 50 while one is valid: its chance to hit
 * one given code is one in five hundred million.
 */
const maximumAttempts = {
  /** Device authorizations, so that nobody fills the table. */
  'device-authorization': 60,
  'user-code-by-address': 50,
  'user-code-by-session': 10,
  'decision-by-address': 50,
  'decision-by-session': 10,
} as const
export type AttemptKind = keyof typeof maximumAttempts

/**
 * All who come through one proxy share one unknown address: so many times as much is theirs together, so that nobody keeps the
 * others from signing in with a few requests, and the table and the codes have a limit all the same.
 */
const unknownAddressFactor = 100

const countSchema = z.object({ attempts: z.int() })

export interface AttemptLimits {
  /**
   * Counts one more attempt, before it is made. Undefined when it may be made, else the seconds to wait.
   * @param who an address or a session; stored as a hash
   */
  count(kind: AttemptKind, who: string): Promise<number | undefined>
}

export function openAttemptLimits(client: DynamoDBDocumentClient, tableName: string, now: () => Date): AttemptLimits {
  return {
    async count(kind, who) {
      const seconds = Math.floor(now().getTime() / 1000)
      const windowEnd = (Math.floor(seconds / windowSeconds) + 1) * windowSeconds
      const counter = `${kind}#${createHash('sha256').update(who).digest('hex')}#${windowEnd}`
      const update = new UpdateCommand({
        TableName: tableName,
        Key: authRecordKeys.attempts(counter),
        UpdateExpression: 'ADD attempts :one SET expiresAt = :expiresAt',
        ExpressionAttributeValues: { ':one': 1, ':expiresAt': windowEnd + windowSeconds },
        ReturnValues: 'ALL_NEW',
      })
      const { attempts } = countSchema.parse((await client.send(update)).Attributes)
      const maximum = maximumAttempts[kind] * (who === unknownAddress ? unknownAddressFactor : 1)
      return attempts > maximum ? windowEnd - seconds : undefined
    },
  }
}
