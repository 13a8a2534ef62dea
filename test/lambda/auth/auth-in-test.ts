import { randomBytes } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { accessScope } from '../../../contract/remote-configuration.ts'
import { dynamoDbEndpoint, type EmbeddedDynamoDb, openDynamoDb } from '../../../embedded/dynamodb.ts'
import type { ApiEvent, ApiHandler } from '../../../lambda/api.ts'
import { type AuthBackend, connectAuth } from '../../../lambda/auth/connect-auth.ts'
import { createAuthHandler } from '../../../lambda/auth.ts'
import { authTableDefinition } from '../../../lambda/aws/auth-table.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { clientId, type ManagedLoginInTest, openManagedLoginInTest } from './managed-login-in-test.ts'

export const origin = 'https://photos.example'
const region = 'eu-central-1'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/** The auth function over a real table and a real managed login, with a clock that only the test moves. */
export interface AuthInTest {
  readonly auth: AuthBackend
  readonly handler: ApiHandler
  readonly login: ManagedLoginInTest
  /** What was logged, and every record, as text: to look for what must not be there. */
  readonly logged: string[]
  records(): Promise<readonly Record<string, unknown>[]>
  pass(seconds: number): void
  now(): Date
  /** The same table and secret, with other variables. */
  connect(variables: Readonly<Record<string, string>>): AuthBackend
}

export async function openAuthInTest(): Promise<AuthInTest> {
  let time = Date.parse('2026-11-22T12:00:00Z')
  const now = () => new Date(time)
  const dynamoDb = await openDynamoDb(await temporaryFolder(), region)
  onTestFinished(() => dynamoDb.close())
  await dynamoDb.ensureTable(authTableDefinition('auth'))
  const login = await openManagedLoginInTest(now)
  const logged: string[] = []
  const secret = randomBytes(32)
  const variables = {
    AWS_REGION: region,
    PHOTOS_AUTH_TABLE: 'auth',
    PHOTOS_ISSUER: login.url,
    PHOTOS_CLIENT_ID: clientId,
    PHOTOS_SIGN_IN_URL: login.url,
    PHOTOS_API_URL: origin,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDbEndpoint,
  }
  const connect = (others: Readonly<Record<string, string>>) =>
    connectAuth(
      { ...variables, ...others },
      {
        credentials,
        dynamoDbAgent: dynamoDb.agent,
        secret: async () => secret,
        now,
        log: (entry) => logged.push(JSON.stringify(entry)),
      },
    )
  const auth = connect({})
  return {
    auth,
    handler: createAuthHandler(auth),
    login,
    logged,
    records: () => scan(dynamoDb),
    pass: (seconds) => {
      time += seconds * 1000
    },
    now,
    connect,
  }
}

async function scan(dynamoDb: EmbeddedDynamoDb): Promise<readonly Record<string, unknown>[]> {
  const requestHandler = new NodeHttpHandler({ httpAgent: dynamoDb.agent })
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({ region, endpoint: dynamoDbEndpoint, credentials, requestHandler }),
  )
  return (await client.send(new ScanCommand({ TableName: 'auth' }))).Items ?? []
}

export interface RequestInTest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly cookies?: readonly string[]
  readonly sourceIp?: string
  /** Who the JWT authorizer says that it is. */
  readonly owner?: string
  /** What else the token says. */
  readonly claims?: Readonly<Record<string, string>>
}

export interface ResponseInTest {
  readonly status: number
  readonly headers: Headers
  readonly cookies: readonly string[]
  readonly body: string
}

const resultSchema = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string(),
})

/** Calls a handler as API Gateway does (payload format 2.0). */
export async function request(handler: ApiHandler, sent: RequestInTest): Promise<ResponseInTest> {
  const { statusCode, headers, cookies, body } = resultSchema.parse(await handler(eventOf(sent)))
  return { status: statusCode, headers: new Headers(headers), cookies, body }
}

function eventOf({
  method,
  path,
  headers = {},
  body,
  cookies,
  sourceIp = '203.0.113.7',
  owner,
  claims,
}: RequestInTest): ApiEvent {
  const url = new URL(path, origin)
  const authorizer = owner === undefined ? {} : { jwt: { claims: { sub: owner, scope: accessScope, ...claims }, scopes: [] } }
  const requestContext = {
    accountId: '0',
    apiId: 'test',
    domainName: url.host,
    domainPrefix: 'test',
    http: { method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp, userAgent: 'test' },
    requestId: 'test',
    routeKey: '$default',
    stage: '$default',
    time: '',
    timeEpoch: 0,
    authentication: null,
    authorizer,
  }
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: { ...headers },
    ...(cookies !== undefined && { cookies: [...cookies] }),
    queryStringParameters: {},
    requestContext,
    body: body ?? null,
    isBase64Encoded: false,
  }
}

export function postForm(
  path: string,
  form: Readonly<Record<string, string>> | string,
  more: Partial<RequestInTest> = {},
): RequestInTest {
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  return {
    method: 'POST',
    path,
    body,
    ...more,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...more.headers },
  }
}
