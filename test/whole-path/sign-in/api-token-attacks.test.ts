// Every route of the API that belongs to an owner, against every token that is wrong in one thing.
import { generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { accessScope } from '../../../contract/remote-configuration.ts'
import { httpRoutes } from '../../../lambda/http-routes.ts'
import { signInDevice, type Tokens } from './device-grant.ts'
import { ask } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { callApi } from './session-calls.ts'

let served: ServedAccounts
let tokens: Tokens
beforeAll(async () => {
  served = await serveAccounts()
  tokens = await signInDevice(served)
  return served.close
})

const ownersRoutes = httpRoutes
  .filter(({ access }) => access === 'owner')
  .map(({ method, path }) => ({
    method,
    path: path.replace('{contentHash}', '0'.repeat(64)).replace('{deviceId}', 'abcdefgh12345678'),
  }))

const seconds = (): number => Math.floor(Date.now() / 1000)

type Changes = Record<string, unknown>
type SigningKey = Parameters<SignJWT['sign']>[0]

/** A token that is right in all but `changes`, signed with the library's own key if with no other. */
async function sign(changes: Changes, options: { key?: SigningKey; alg?: string; header?: Changes } = {}) {
  const { issuerKey } = served.backend.identity
  const claims: JWTPayload = {
    iss: served.configuration.issuer,
    sub: served.alice.owner,
    client_id: served.configuration.clientId,
    token_use: 'access',
    scope: accessScope,
    exp: seconds() + 600,
    iat: seconds(),
    ...changes,
  }
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: options.alg ?? 'ES256', ...headerOf(tokens.access_token), ...options.header })
    .sign(options.key ?? (await importJWK(issuerKey, 'ES256')))
}

/** The key's id, as the issuer writes it. */
function headerOf(token: string): { readonly kid?: string } {
  const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
  return typeof kid === 'string' ? { kid } : {}
}

const part = (index: number, token = tokens.access_token): string => token.split('.')[index] ?? ''
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const claimsOf = (token: string): Changes => JSON.parse(Buffer.from(part(1, token), 'base64url').toString())

const wrongTokens: Readonly<Record<string, () => Promise<string | undefined>>> = {
  'no token': async () => undefined,
  'text that is no token': async () => 'secret',
  'alg none, unsigned': async () => new UnsecuredJWT(claimsOf(tokens.access_token)).encode(),
  'alg none with the real signature': async () => `${encoded({ alg: 'none' })}.${part(1)}.${part(2)}`,
  'alg nOnE': async () => `${encoded({ alg: 'nOnE' })}.${part(1)}.`,
  'a signature cut off': async () => `${part(0)}.${part(1)}.`,
  'another key': async () => await sign({}, { key: (await generateKeyPair('ES256')).privateKey }),
  'the public key as an HMAC secret': async () => await sign({}, { key: publicKeyBytes(), alg: 'HS256' }),
  'a key of its own in the header': async () => await signWithOwnKey(),
  'claims changed after signing': async () =>
    `${part(0)}.${encoded({ ...claimsOf(tokens.access_token), sub: served.bob.owner })}.${part(2)}`,
  'another issuer': async () => await sign({ iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other' }),
  'an issuer that only begins like ours': async () => await sign({ iss: `${served.configuration.issuer}.evil.example` }),
  'no issuer': async () => await sign({ iss: undefined }),
  'another client': async () => await sign({ client_id: 'another-client' }),
  'no client': async () => await sign({ client_id: undefined }),
  'the ID token': async () => tokens.id_token,
  'an ID token with a scope': async () => await sign({ token_use: 'id', aud: served.configuration.clientId }),
  'the refresh token': async () => tokens.refresh_token,
  'no scope': async () => await sign({ scope: undefined }),
  'only the scopes of OpenID': async () => await sign({ scope: 'openid email' }),
  'a scope that begins like ours': async () => await sign({ scope: `openid ${accessScope}ory` }),
  'a list for a scope': async () => await sign({ scope: [accessScope] }),
  // An hour ago: the clock of this backend stands still at its start, and this machine may be busy.
  expired: async () => await sign({ exp: seconds() - 3600 }),
  'no expiry': async () => await sign({ exp: undefined }),
  'not good yet': async () => await sign({ nbf: seconds() + 600 }),
  'no owner': async () => await sign({ sub: undefined }),
  'an owner that climbs': async () => await sign({ sub: `../${served.alice.owner}` }),
}

function publicKeyBytes(): Uint8Array {
  const { x, y } = served.backend.identity.issuerKey
  return new TextEncoder().encode(JSON.stringify({ kty: 'EC', crv: 'P-256', x, y }))
}

async function signWithOwnKey(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await crypto.subtle.exportKey('jwk', publicKey)
  return await sign({}, { key: privateKey, header: { jwk, jku: 'https://evil.example/jwks.json' } })
}

test('the right token opens every route', async () => {
  for (const { method, path } of ownersRoutes.filter(({ method }) => method === 'GET'))
    expect([path, (await callApi(served, tokens.access_token, method, path)).status]).not.toEqual([path, 401])
  expect((await callApi(served, await sign({}), 'GET', '/v1/usage')).status).toBe(200)
})

describe.each(Object.entries(wrongTokens))('%s', (_name, wrongToken) => {
  test.each(ownersRoutes)('is refused at $method $path', async ({ method, path }) => {
    const answer = await callApi(served, await wrongToken(), method, path, method === 'POST' ? {} : undefined)
    expect([401, 403]).toContain(answer.status)
    expect(answer.body).not.toContain(served.alice.owner)
  })
})

test('a token anywhere but in the header opens nothing', async () => {
  const path = `${served.url}/v1/usage`
  const token = tokens.access_token
  const answers = [
    await ask(`${path}?access_token=${token}`),
    await ask(path, { headers: { cookie: `access_token=${token}` } }),
    await ask(path, { headers: { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` } }),
    await ask(path, { headers: { authorization: `Bearer ${token} ${token}` } }),
    await ask(path, { headers: { 'x-authorization': `Bearer ${token}` } }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401])
})

test('no other spelling of a route passes the gate', async () => {
  const odd = [
    '/V1/usage',
    '//v1/usage',
    '/v1//usage',
    '/v1/./usage',
    '/v1/x/../usage',
    '/%761/usage',
    '/v1/usage/',
    '/v1/usage%00',
  ]
  for (const path of odd) {
    const answer = await ask(`${served.url}${path}`)
    expect([path, answer.status]).toEqual([path, expect.toSatisfy((status: number) => [400, 401, 404].includes(status))])
  }
  for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'DELETE']) {
    const answer = await ask(`${served.url}/v1/usage`, { method, headers: { 'x-http-method-override': 'GET' } })
    expect([method, [401, 404, 405, 501].includes(answer.status)]).toEqual([method, true])
  }
})
