import { generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { accessScope } from '../../contract/remote-configuration.ts'
import { issuerUrlOf } from '../../embedded/issuer.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type LibraryInTest, openLibraryInTest } from './library-in-test.ts'

const routes = [
  ['POST', '/v1/uploads'],
  ['POST', '/v1/uploads/parts'],
  ['POST', '/v1/uploads/complete'],
  ['POST', '/v1/photos/confirm'],
  ['GET', '/v1/photos'],
  ['GET', `/v1/photos/${'0'.repeat(64)}`],
  ['POST', '/v1/downloads'],
  ['GET', '/v1/usage'],
] as const

const hour = 3600
const seconds = () => Math.floor(Date.now() / 1000)

/** Each makes a token that is wrong in one thing. */
const wrongTokens: Readonly<Record<string, (library: LibraryInTest) => Promise<string | undefined>>> = {
  'no token': async () => undefined,
  'text that is no token': async () => 'secret',
  'alg none': async ({ backend }) => new UnsecuredJWT(rightClaims(backend.identity.owner)).setIssuer(issuerOf(backend)).encode(),
  'another key': async (library) => await sign(library, {}, (await generateKeyPair('ES256')).privateKey),
  'another issuer': async (library) => await sign(library, { iss: 'https://example.com' }),
  'another client': async (library) => await sign(library, { client_id: 'other' }),
  'an ID token': async (library) => await sign(library, { token_use: 'id' }),
  'no scope': async (library) => await sign(library, { scope: undefined }),
  'another scope': async (library) => await sign(library, { scope: 'photos/accessory openid' }),
  expired: async (library) => await sign(library, { exp: seconds() - 1 }),
  'no expiry': async (library) => await sign(library, { exp: undefined }),
  'an owner that climbs': async (library) => await sign(library, { sub: '../somebody' }),
}

test.each(Object.entries(wrongTokens))('every route refuses %s', async (_name, wrongToken) => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await wrongToken(library)
  for (const [method, path] of routes) expect([path, (await call(library, method, path, token)).status]).toEqual([path, 401])
})

test('the right token is taken, and the public document needs none', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await sign(library, { scope: `openid ${accessScope}` })
  expect((await call(library, 'GET', '/v1/usage', token)).status).toBe(200)
  expect((await call(library, 'GET', '/.well-known/photos.json')).status).toBe(200)
  expect((await call(library, 'GET', '/v1/nothing', token)).status).toBe(404)
})

test('a request that does not keep the contract is told what is wrong with it', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const token = await sign(library, {})
  const tooMany = { originals: Array.from({ length: 101 }, () => ({})) }
  for (const body of ['{', '{}', JSON.stringify(tooMany)]) {
    const answer = await call(library, 'POST', '/v1/uploads', token, body)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_request' } })
  }
  const badCursor = await call(library, 'GET', '/v1/photos?cursor=bm90IGpzb24', token)
  expect([badCursor.status, await badCursor.json()]).toMatchObject([400, { error: { code: 'invalid_cursor' } }])
})

test('a body larger than API Gateway takes is refused', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const answer = await call(library, 'POST', '/v1/uploads', await sign(library, {}), ' '.repeat(10 * 2 ** 20 + 1))
  expect(answer.status).toBe(413)
})

function rightClaims(owner: string): JWTPayload {
  return { sub: owner, client_id: 'photos-cli', token_use: 'access', scope: accessScope, exp: seconds() + hour }
}

function issuerOf(backend: LibraryInTest['backend']): string {
  return issuerUrlOf(backend.identity)
}

async function sign(
  library: LibraryInTest,
  changes: Record<string, unknown>,
  key?: Parameters<SignJWT['sign']>[0],
): Promise<string> {
  const { identity } = library.backend
  const claims = { iss: issuerOf(library.backend), ...rightClaims(identity.owner), ...changes }
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key ?? (await importJWK(identity.issuerKey, 'ES256')))
}

async function call(library: LibraryInTest, method: string, path: string, token?: string, body = '{}'): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return await fetch(`${library.backend.url}${path}`, { method, headers, ...(method === 'POST' && { body }) })
}
