import type { Agent } from 'node:http'
import { type AuthEnvironment, authEnvironmentSchema } from '../aws/auth-environment.ts'
import { readAuthSecret } from '../aws/auth-secret.ts'
import { createDynamoDbClient } from '../aws/clients.ts'
import { type LogEntry, writeLogLine } from '../log.ts'
import { type AttemptLimits, openAttemptLimits } from './attempt-limits.ts'
import { type AuthKeys, createAuthKeys } from './auth-keys.ts'
import { type BrowserSessions, openBrowserSessions } from './browser-sessions.ts'
import { type Devices, openDevices } from './devices.ts'
import { type Grants, openGrants } from './grants.ts'
import { type ManagedLogin, openManagedLogin } from './managed-login.ts'

/** What the auth functions work with: one set for a process, made from its environment. */
export interface AuthBackend {
  readonly environment: AuthEnvironment
  readonly grants: Grants
  readonly sessions: BrowserSessions
  readonly devices: Devices
  readonly limits: AttemptLimits
  readonly managedLogin: ManagedLogin
  /** Read when they are needed first. */
  keys(): Promise<AuthKeys>
  now(): Date
  /** One JSON line for the operator. Never given a token, a code, a URL or a name. */
  log(entry: LogEntry): void
}

/** What differs where the services under the functions are not AWS's own. */
export interface AuthOverrides {
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly dynamoDbAgent?: Agent
  /** Reaches the managed login and the issuer's keys. */
  readonly fetch?: typeof globalThis.fetch
  /** At least 32 random bytes, the same at every start. */
  readonly secret?: () => Promise<Uint8Array>
  readonly now?: () => Date
  readonly log?: (entry: LogEntry) => void
}

/** @param variables such as `process.env`; a ZodError names what is missing from them */
export function connectAuth(variables: Readonly<Record<string, string | undefined>>, overrides: AuthOverrides = {}): AuthBackend {
  const environment = authEnvironmentSchema.parse(variables)
  const now = overrides.now ?? (() => new Date())
  const dynamoDb = createDynamoDbClient(environment, overrides)
  const secret = overrides.secret ?? (() => readDeployedSecret(environment))
  let keys: AuthKeys | undefined

  return {
    environment,
    grants: openGrants(dynamoDb, environment.authTable, now),
    sessions: openBrowserSessions(dynamoDb, environment.authTable, now),
    devices: openDevices(dynamoDb, environment.authTable, now),
    limits: openAttemptLimits(dynamoDb, environment.authTable, now),
    managedLogin: openManagedLogin(environment, overrides.fetch ?? fetch, now),
    async keys() {
      keys ??= createAuthKeys(await secret())
      return keys
    },
    now,
    log: overrides.log ?? writeLogLine,
  }
}

async function readDeployedSecret({ region, secretParameter }: AuthEnvironment): Promise<Uint8Array> {
  if (secretParameter === undefined) throw new Error('PHOTOS_AUTH_SECRET_PARAMETER is not set')
  return await readAuthSecret(region, secretParameter)
}
