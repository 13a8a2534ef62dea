import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { authRecordKeys } from '../aws/auth-table.ts'
import { unlessRefused } from '../aws/conditional-write.ts'

/** How long a person has to sign in and to approve (RFC 8628, section 3.2: `expires_in`). */
export const grantSeconds = 10 * 60
/** RFC 8628, section 3.2: `interval`, and by how much `slow_down` adds to it (section 3.5). */
export const pollIntervalSeconds = 5

/** Records outlive what they are good for, so that a late device hears `expired_token`. */
export const keptSeconds = 60 * 60

const grantSchema = z.object({
  clientId: z.string(),
  deviceName: z.string(),
  /** The IP address that asked. */
  deviceAddress: z.string(),
  /** `requestedAt`, `validUntil`, `nextPollAt`: epoch milliseconds. */
  requestedAt: z.int(),
  validUntil: z.int(),
  nextPollAt: z.int(),
  intervalSeconds: z.int(),
  status: z.enum(['pending', 'approved', 'denied', 'redeemed']),
  /** The browser session that approved or denied. */
  decidedBy: z.string().optional(),
})
export type Grant = z.infer<typeof grantSchema>
export type GrantRequest = Pick<Grant, 'clientId' | 'deviceName' | 'deviceAddress'>

const pointerSchema = z.object({ grantId: z.string() })
const redeemedSchema = z.object({ sealedTokens: z.string() })

/** What devices have asked for. Each step is one conditional write, so that of two at once only one is taken. */
export interface Grants {
  /** False when this user code leads to another grant that is still valid. */
  create(grantId: string, userCodeHash: string, request: GrantRequest): Promise<boolean>
  find(grantId: string): Promise<Grant | undefined>
  /** The id of the grant that a code leads to, and what is known of it, as long as a decision can be taken. */
  findOpen(userCodeHash: string): Promise<{ readonly grantId: string; readonly grant: Grant } | undefined>
  /** Whether the decision is still to be taken. DynamoDB deletes late: only the clock says what has expired. */
  isOpen(grant: Grant): boolean
  isExpired(grant: Grant): boolean
  /** A device asks how it stands. False when it came too early: it has to wait longer from now on. */
  poll(grantId: string, grant: Grant): Promise<boolean>
  /** False when it was decided or has expired. */
  approve(grantId: string, sessionId: string, sealedTokens: string): Promise<boolean>
  deny(grantId: string, sessionId: string): Promise<boolean>
  /** The sealed tokens, once; they are in the table no longer. Undefined unless approved, valid and not redeemed before. */
  redeem(grantId: string, clientId: string): Promise<string | undefined>
}

export function openGrants(client: DynamoDBDocumentClient, tableName: string, now: () => Date): Grants {
  const milliseconds = () => now().getTime()

  async function find(grantId: string): Promise<Grant | undefined> {
    const get = new GetCommand({ TableName: tableName, Key: authRecordKeys.grant(grantId), ConsistentRead: true })
    const { Item } = await client.send(get)
    return Item && grantSchema.parse(Item)
  }

  /** One step of a grant that is `status`; undefined when it is not, or has expired. */
  async function step(grantId: string, status: Grant['status'], change: GrantChange) {
    const update = new UpdateCommand({
      TableName: tableName,
      Key: authRecordKeys.grant(grantId),
      UpdateExpression: change.expression,
      ConditionExpression: ['#status = :expected', 'validUntil > :now', ...(change.conditions ?? [])].join(' AND '),
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':expected': status, ':now': milliseconds(), ...change.values },
      ReturnValues: 'ALL_OLD',
    })
    return await unlessRefused(client.send(update))
  }

  const isExpired = (grant: Grant) => grant.validUntil <= milliseconds()
  const isOpen = (grant: Grant) => grant.status === 'pending' && !isExpired(grant)

  return {
    find,
    isExpired,
    isOpen,

    async create(grantId, userCodeHash, request) {
      const requestedAt = milliseconds()
      const validUntil = requestedAt + grantSeconds * 1000
      const expiresAt = Math.ceil(validUntil / 1000) + keptSeconds
      const pointer = new PutCommand({
        TableName: tableName,
        Item: { ...authRecordKeys.userCode(userCodeHash), grantId, validUntil, expiresAt },
        ConditionExpression: 'attribute_not_exists(#record) OR validUntil <= :now',
        ExpressionAttributeNames: { '#record': 'record' },
        ExpressionAttributeValues: { ':now': requestedAt },
      })
      if ((await unlessRefused(client.send(pointer))) === undefined) return false
      const times = { requestedAt, validUntil, nextPollAt: requestedAt, intervalSeconds: pollIntervalSeconds, expiresAt }
      const grant = { ...authRecordKeys.grant(grantId), ...request, ...times, status: 'pending' }
      await client.send(new PutCommand({ TableName: tableName, Item: grant }))
      return true
    },

    async findOpen(userCodeHash) {
      const get = new GetCommand({ TableName: tableName, Key: authRecordKeys.userCode(userCodeHash), ConsistentRead: true })
      const { Item } = await client.send(get)
      if (Item === undefined) return undefined
      const { grantId } = pointerSchema.parse(Item)
      const grant = await find(grantId)
      return grant && isOpen(grant) ? { grantId, grant } : undefined
    },

    async poll(grantId, { intervalSeconds }) {
      const inTime = await step(grantId, 'pending', {
        expression: 'SET nextPollAt = :next',
        conditions: ['nextPollAt <= :now'],
        values: { ':next': milliseconds() + intervalSeconds * 1000 },
      })
      if (inTime !== undefined) return true
      const longer = intervalSeconds + pollIntervalSeconds
      const slowedDown = await step(grantId, 'pending', {
        expression: 'SET nextPollAt = :next, intervalSeconds = intervalSeconds + :more',
        values: { ':next': milliseconds() + longer * 1000, ':more': pollIntervalSeconds },
      })
      return slowedDown === undefined
    },

    async approve(grantId, sessionId, sealedTokens) {
      const expression = 'SET #status = :approved, decidedBy = :session, sealedTokens = :tokens'
      const values = { ':approved': 'approved', ':session': sessionId, ':tokens': sealedTokens }
      return (await step(grantId, 'pending', { expression, values })) !== undefined
    },

    async deny(grantId, sessionId) {
      const expression = 'SET #status = :denied, decidedBy = :session'
      const values = { ':denied': 'denied', ':session': sessionId }
      return (await step(grantId, 'pending', { expression, values })) !== undefined
    },

    async redeem(grantId, clientId) {
      const redeemed = await step(grantId, 'approved', {
        expression: 'SET #status = :redeemed REMOVE sealedTokens',
        conditions: ['clientId = :client'],
        values: { ':redeemed': 'redeemed', ':client': clientId },
      })
      return redeemed && redeemedSchema.parse(redeemed.Attributes).sealedTokens
    },
  }
}

interface GrantChange {
  readonly expression: string
  /** Beside the status and the time. */
  readonly conditions?: readonly string[]
  readonly values: Readonly<Record<string, string | number>>
}
