import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createCredentialIssuer } from '../../../cli/remote/issue-credentials.ts'
import { createServerClock } from '../../../cli/remote/server-clock.ts'
import type { TokenOptions } from '../../../cli/session/session.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'
import { attemptsOfAnOutage, bodyOf, listen, transportInTest } from './scripted-server.ts'

interface PoolCall {
  /** `GetId` or `GetCredentialsForIdentity`. */
  readonly name: string
  readonly body: unknown
}

type Script = (call: PoolCall, response: ServerResponse, attempt: number) => void

const logins = (token: string) => ({ 'issuer.invalid/in-test': token })
const noSignature = { authorization: undefined, 'x-amz-security-token': undefined }
const expiration = 1_800_000_000

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
}

const refuse = (response: ServerResponse, type: string, status = 400) =>
  answer(response, status, { __type: type, message: 'as scripted' })

/** Cognito's answer when all is well. */
const answerWell: Script = ({ name }, response) => {
  const Credentials = { AccessKeyId: 'ASIA1', SecretKey: 'secret', SessionToken: 'session', Expiration: expiration }
  answer(response, 200, { IdentityId: 'us-east-1:identity', ...(name === 'GetId' ? {} : { Credentials }) })
}

/** An identity pool that answers as scripted, and one who asks it with tokens `id-1`, `id-2` and so on. */
async function openInTest(script: Script = answerWell) {
  const calls: PoolCall[] = []
  const headers: IncomingMessage['headers'][] = []
  const url = await listen(async (request, response) => {
    headers.push(request.headers)
    const name = String(request.headers['x-amz-target']).replace('AWSCognitoIdentityService.', '')
    const call = { name, body: JSON.parse((await bodyOf(request)).toString()) }
    calls.push(call)
    script(call, response, calls.length)
  })
  const asked: (string | undefined)[] = []
  const idToken = async (options?: TokenOptions): Promise<string> => {
    asked.push(options?.refused)
    return `id-${asked.length}`
  }
  const session = { owner: ownerSchema.parse('somebody'), idToken, accessToken: idToken }
  const { transport, pausesMs } = transportInTest()
  const serverClock = createServerClock(transport.clock.now)
  const configuration = remoteConfigurationInTest(url)
  const issue = createCredentialIssuer({
    configuration,
    session,
    transport,
    serverClock,
    signInHint: 'sign in again: photos login',
  })
  return { issue, calls, headers, asked, pausesMs, serverClock, url }
}

test('exchanges the ID token; the identity id is asked for once a run, and nothing is signed', async () => {
  const { issue, calls, headers } = await openInTest()
  const issued = {
    accessKeyId: 'ASIA1',
    secretAccessKey: 'secret',
    sessionToken: 'session',
    expiresAt: new Date(expiration * 1000),
  }
  expect([await issue({}), await issue({})]).toEqual([issued, issued])
  expect(calls).toEqual([
    { name: 'GetId', body: { IdentityPoolId: 'us-east-1:in-test', Logins: logins('id-1') } },
    { name: 'GetCredentialsForIdentity', body: { IdentityId: 'us-east-1:identity', Logins: logins('id-1') } },
    { name: 'GetCredentialsForIdentity', body: { IdentityId: 'us-east-1:identity', Logins: logins('id-2') } },
  ])
  for (const { authorization, 'x-amz-security-token': token } of headers) {
    expect({ authorization, 'x-amz-security-token': token }).toEqual(noSignature)
  }
})

test('waits when the pool is asked too often, and does not ask twice for what it has', async () => {
  const { issue, calls, pausesMs } = await openInTest((call, response, attempt) => {
    if (attempt === 1) refuse(response, 'TooManyRequestsException')
    else if (attempt === 3) refuse(response, 'InternalErrorException', 500)
    else if (attempt === 4) response.writeHead(502).end('<html>a proxy</html>')
    else if (attempt === 5) response.destroy()
    else answerWell(call, response, attempt)
  })
  expect(await issue({})).toMatchObject({ accessKeyId: 'ASIA1' })
  const get = 'GetCredentialsForIdentity'
  expect(calls.map(({ name }) => name)).toEqual(['GetId', 'GetId', get, get, get, get])
  expect(pausesMs).toEqual([250, 500, 1000, 2000])
})

test('a token that is refused is made anew, once', async () => {
  const refusing: Script = (call, response, attempt) => {
    if (JSON.stringify(call.body).includes('id-1')) refuse(response, 'NotAuthorizedException')
    else answerWell(call, response, attempt)
  }
  const { issue, asked } = await openInTest(refusing)
  expect(await issue({})).toMatchObject({ accessKeyId: 'ASIA1' })
  expect(asked).toEqual([undefined, 'id-1'])

  const ended = await openInTest((_call, response) => refuse(response, 'NotAuthorizedException'))
  const host = new URL(ended.url).host
  await expect(ended.issue({})).rejects.toMatchObject({
    exitCode: 12,
    message: `${host} does not accept the session`,
    hint: 'sign in again: photos login',
  })
  expect(ended.asked).toEqual([undefined, 'id-1'])
})

test.each([
  ['a pool that is always too busy', (response: ServerResponse) => refuse(response, 'TooManyRequestsException')],
  ['a connection that is never answered', (response: ServerResponse) => void response.destroy()],
])('%s ends with exit code 5, sooner when there is time', async (_what, fail) => {
  const { issue, calls } = await openInTest((_call, response) => fail(response))
  await expect(issue({})).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
  expect(calls).toHaveLength(attemptsOfAnOutage)
  await expect(issue({ maximumAttempts: 2 })).rejects.toMatchObject({ exitCode: 5 })
  expect(calls).toHaveLength(attemptsOfAnOutage + 2)
})

const noPool = 'what answers there is no identity pool, or of another release'

test.each<[string, (response: ServerResponse) => void, string]>([
  ['gone', (response) => refuse(response, 'ResourceNotFoundException'), 'it is gone (ResourceNotFoundException)'],
  ['unknown', (response) => refuse(response, 'NewlyInventedException'), 'it answers NewlyInventedException'],
  ['strange', (response) => refuse(response, '\u001b[2J'), noPool],
  ['a page', (response) => void response.writeHead(200).end('<html>a proxy</html>'), noPool],
  ['a page that refuses', (response) => void response.writeHead(403).end('<html>a proxy</html>'), noPool],
  ['nothing', (response) => answer(response, 200, null), noPool],
  ['a list', (response) => answer(response, 200, []), noPool],
  ['an identity that is a number', (response) => answer(response, 200, { IdentityId: 5 }), noPool],
  ['no date', (response) => answer(response, 200, { IdentityId: 'x', Credentials: { Expiration: 'soon' } }), noPool],
])('a pool that is at fault (%s) is told in words, and asked no more', async (_what, fail, reason) => {
  const { issue, calls } = await openInTest((_call, response) => fail(response))
  await expect(issue({})).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 5,
    message: `the identity pool gives no credentials: ${reason}`,
  })
  expect(calls.length).toBeLessThanOrEqual(2)
})

test('every answer tells the time', async () => {
  const { issue, serverClock } = await openInTest((call, response, attempt) => {
    response.setHeader('date', 'Tue, 01 Jan 2030 00:00:00 GMT')
    answerWell(call, response, attempt)
  })
  expect(serverClock.now().getTime()).toBe(0)
  await issue({})
  expect(serverClock.now()).toEqual(new Date('2030-01-01T00:00:00Z'))
})

test('an interruption ends it at once', async () => {
  const stop = new AbortController()
  const { issue } = await openInTest(() => stop.abort(new Error('stopped by SIGINT')))
  await expect(issue({ signal: stop.signal })).rejects.toThrow('stopped by SIGINT')
})
