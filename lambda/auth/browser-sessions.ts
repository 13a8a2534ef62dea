import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { authRecordKeys } from '../aws/auth-table.ts'
import { unlessRefused } from '../aws/conditional-write.ts'
import { keptSeconds } from './grants.ts'

const browserSessionSchema = z.object({
  grantId: z.string(),
  /** To be shown again, for comparing. */
  sealedUserCode: z.string(),
  /**
   * `started`: sent to the managed login. `returned`: came back from it, which happens once. `signed-in`: it is known who
   * they are; tokens wait. `decided`: the tokens have been taken out; what came of it stands in the grant.
   */
  step: z.enum(['started', 'returned', 'signed-in', 'decided']),
  /** Epoch milliseconds; the same as the grant's. */
  validUntil: z.int(),
  /** How the person knows the account; from `signed-in` on. */
  account: z.string().optional(),
})
export type BrowserSession = z.infer<typeof browserSessionSchema>
export type NewBrowserSession = Pick<BrowserSession, 'grantId' | 'sealedUserCode' | 'validUntil'>

const takenSchema = z.object({ sealedTokens: z.string() })

/** One browser's way from the user code to the decision. Each step happens once, by a conditional write. */
export interface BrowserSessions {
  start(sessionId: string, session: NewBrowserSession): Promise<void>
  /** As long as it is valid. */
  find(sessionId: string): Promise<BrowserSession | undefined>
  /** The browser is back from the managed login. False if it was before, or too late. */
  comeBack(sessionId: string): Promise<boolean>
  signIn(sessionId: string, account: string, sealedTokens: string): Promise<boolean>
  /** Takes the sealed tokens out for the decision, once. */
  takeTokens(sessionId: string): Promise<string | undefined>
}

/** What a session's user code is sealed for. */
export function userCodeContext(sessionId: string): string {
  return `user code of session ${sessionId}`
}

export function openBrowserSessions(client: DynamoDBDocumentClient, tableName: string, now: () => Date): BrowserSessions {
  async function step(sessionId: string, from: BrowserSession['step'], to: BrowserSession['step'], change: SessionChange = {}) {
    const update = new UpdateCommand({
      TableName: tableName,
      Key: authRecordKeys.session(sessionId),
      UpdateExpression: `SET step = :to${change.set ?? ''}${change.remove ?? ''}`,
      ConditionExpression: 'step = :from AND validUntil > :now',
      ExpressionAttributeValues: { ':from': from, ':to': to, ':now': now().getTime(), ...change.values },
      ReturnValues: 'ALL_OLD',
    })
    return await unlessRefused(client.send(update))
  }

  return {
    async start(sessionId, session) {
      const expiresAt = Math.ceil(session.validUntil / 1000) + keptSeconds
      const item = { ...authRecordKeys.session(sessionId), ...session, step: 'started', expiresAt }
      await client.send(new PutCommand({ TableName: tableName, Item: item }))
    },

    async find(sessionId) {
      const get = new GetCommand({ TableName: tableName, Key: authRecordKeys.session(sessionId), ConsistentRead: true })
      const { Item } = await client.send(get)
      const session = Item && browserSessionSchema.parse(Item)
      return session && session.validUntil > now().getTime() ? session : undefined
    },

    comeBack: async (sessionId) => (await step(sessionId, 'started', 'returned')) !== undefined,

    async signIn(sessionId, account, sealedTokens) {
      const values = { ':account': account, ':tokens': sealedTokens }
      const change = { set: ', account = :account, sealedTokens = :tokens', values }
      return (await step(sessionId, 'returned', 'signed-in', change)) !== undefined
    },

    async takeTokens(sessionId) {
      const taken = await step(sessionId, 'signed-in', 'decided', { remove: ' REMOVE sealedTokens' })
      return taken && takenSchema.parse(taken.Attributes).sealedTokens
    },
  }
}

interface SessionChange {
  readonly set?: string
  readonly remove?: string
  readonly values?: Readonly<Record<string, string>>
}
