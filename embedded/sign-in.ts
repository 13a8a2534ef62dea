import type { ApiHandler } from '../lambda/api.ts'
import { connectAuth } from '../lambda/auth/connect-auth.ts'
import { createAuthHandler } from '../lambda/auth.ts'
import { createAuthorizeRefreshHandler } from '../lambda/authorize-refresh.ts'
import { authTableDefinition, expiryAttribute } from '../lambda/aws/auth-table.ts'
import { baseNames } from '../lambda/aws/deployment.ts'
import type { LogEntry } from '../lambda/log.ts'
import { findAccountOf, verifyPassword } from './accounts.ts'
import type { AwsCalls } from './cognito/aws-json.ts'
import { createManagedLogin, type ManagedLogin } from './cognito/managed-login.ts'
import { openSignInSessions } from './cognito/sign-in-sessions.ts'
import { openSignInStore } from './cognito/sign-in-store.ts'
import { sweepRegularly } from './cognito/sweeping.ts'
import { createTokenTrigger } from './cognito/token-trigger.ts'
import { createUserPool } from './cognito/user-pool.ts'
import { withholdEndedTokens } from './cognito/withhold-tokens.ts'
import { dynamoDbEndpoint, type EmbeddedDynamoDb } from './dynamodb.ts'
import { embeddedClientId, type Issuer } from './issuer.ts'
import { type LibraryIdentity, libraryPaths } from './library.ts'
import { deriveSecret } from './library-secret.ts'
import type { WayHere } from './source-ip.ts'

const { authTable } = baseNames

/** Everything that expires does so within minutes, but for devices' registrations and sessions. */
const sweepEveryMs = 10 * 60 * 1000

export interface SignInOptions extends WayHere {
  readonly folder: string
  readonly region: string
  readonly identity: LibraryIdentity
  readonly issuer: Issuer
  readonly dynamoDb: EmbeddedDynamoDb
  /** Where this process reaches its own managed login. */
  readonly ownUrl: string
  readonly now: () => Date
  readonly log: (entry: LogEntry) => void
}

/** Everything that lets people sign in: the auth function, and what stands in for a Cognito user pool under it. */
export interface SignIn {
  readonly authFunction: ApiHandler
  readonly managedLogin: ManagedLogin
  readonly userPool: AwsCalls
  close(): Promise<void>
}

/** Costs time and makes a table: for a library that somebody signs in to. */
export async function openSignIn(options: SignInOptions): Promise<SignIn> {
  const { folder, identity, issuer, dynamoDb, publicUrl, trustedProxy, now, log } = options
  const table = authTableDefinition(authTable)
  await dynamoDb.ensureTable(table)
  const auth = connectAuth(environmentOf(options), {
    credentials: identity,
    dynamoDbAgent: dynamoDb.agent,
    fetch: createOwnFetch(options),
    secret: async () => deriveSecret(identity, 'auth function'),
    now,
    log,
  })
  const findAccount = (owner: string) => findAccountOf(folder, owner)
  const store = await openSignInStore(libraryPaths(folder).signIn, now)
  const sessions = openSignInSessions({
    store,
    issuer,
    secret: deriveSecret(identity, 'refresh tokens'),
    findAccount,
    beforeTokens: createTokenTrigger(createAuthorizeRefreshHandler(auth), { region: options.region, identity }),
    now,
  })
  const sweeping = sweepRegularly(
    async (signal) => {
      await store.sweep()
      await dynamoDb.removeExpired(table, expiryAttribute, now(), { signal })
    },
    {
      everyMs: sweepEveryMs,
      onFailure: (error) => log({ level: 'error', event: 'sweep-failed', error: String(error) }),
    },
  )
  return {
    authFunction: withholdEndedTokens(createAuthHandler(auth), sessions),
    managedLogin: createManagedLogin({
      identity,
      issuer,
      store,
      sessions,
      cookieSecret: deriveSecret(identity, 'sign-in cookies'),
      publicUrl,
      trustedProxy,
      findAccount,
      verifyPassword: (typed) => verifyPassword(folder, typed),
      now,
      log,
    }),
    userPool: createUserPool(sessions),
    async close() {
      await sweeping.close()
      await store.close()
    },
  }
}

function environmentOf({ region, issuer, publicUrl }: SignInOptions): Record<string, string> {
  return {
    AWS_REGION: region,
    PHOTOS_AUTH_TABLE: authTable,
    PHOTOS_ISSUER: issuer.url,
    PHOTOS_CLIENT_ID: embeddedClientId,
    PHOTOS_SIGN_IN_URL: publicUrl,
    PHOTOS_API_URL: publicUrl,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDbEndpoint,
  }
}

/** The auth function's way to the issuer, whose name nobody resolves, and to the managed login, past TLS and name of the public address. */
function createOwnFetch({ issuer, publicUrl, ownUrl }: SignInOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (url === `${issuer.url}/.well-known/jwks.json`) return Response.json(issuer.keys)
    if (!url.startsWith(`${publicUrl}/`)) throw new TypeError('the auth function asks for an address that is not its own')
    return await fetch(`${ownUrl}${url.slice(publicUrl.length)}`, init)
  }
}
