import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'

export const clientId = 'cli-in-test'

/** What a test may do to the ID tokens. */
export interface IdTokenChanges {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly expiresIn?: string
  /** Signed with a key that the issuer does not know. */
  readonly foreignKey?: boolean
  readonly issuer?: string
  readonly audience?: string
}

/** A managed login that lets everybody in: a real OpenID provider as far as the auth functions can see. */
export interface ManagedLoginInTest {
  readonly url: string
  /** Who signs in next. */
  account: { readonly sub: string; readonly email: string | undefined }
  idTokenChanges: IdTokenChanges
  /** What the token endpoint answers instead. */
  tokenFailure: { readonly status: number; readonly body: string } | undefined
  readonly revoked: string[]
  /** Every refresh token that was given out. */
  readonly refreshTokens: string[]
  /** Follows a redirect to the authorize endpoint as a browser would; gives back where it leads. */
  signIn(authorizationUrl: string): Promise<URL>
}

interface IssuedCode {
  readonly challenge: string
  readonly nonce: string
  readonly redirectUri: string
}

type Keys = Awaited<ReturnType<typeof generateKeyPair>>

/** Making a pair takes a fifth of a second: all tests of a process have the same, whom nobody else knows. */
const [keys, foreign] = await Promise.all([
  generateKeyPair('RS256', { extractable: true }),
  generateKeyPair('RS256', { extractable: true }),
])

export async function openManagedLoginInTest(now: () => Date): Promise<ManagedLoginInTest> {
  const codes = new Map<string, IssuedCode>()
  const server = createServer((request, response) => {
    answer(request).then(
      (result) => send(response, result),
      () => send(response, { status: 500, body: '' }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  const login: ManagedLoginInTest = {
    url,
    account: { sub: 'zoe-sub', email: 'zoe@example.com' },
    idTokenChanges: {},
    tokenFailure: undefined,
    revoked: [],
    refreshTokens: [],
    async signIn(authorizationUrl) {
      const response = await fetch(authorizationUrl, { redirect: 'manual' })
      return new URL(response.headers.get('location') ?? '')
    },
  }

  async function answer(request: IncomingMessage): Promise<Result> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const body = new URLSearchParams(await text(request))
    if (pathname === '/.well-known/jwks.json') return await jwks(keys)
    if (pathname === '/oauth2/authorize') return authorize(searchParams, codes)
    if (pathname === '/oauth2/revoke') return revoke(body, login)
    if (pathname === '/oauth2/token')
      return await exchange(body, codes, login, login.idTokenChanges.foreignKey ? foreign : keys, now)
    return { status: 404, body: '' }
  }

  return login
}

interface Result {
  readonly status: number
  readonly body: string
  readonly location?: string
}

function send(response: ServerResponse, { status, body, location }: Result): void {
  const headers = { 'content-type': 'application/json', connection: 'close', ...(location !== undefined && { location }) }
  response.writeHead(status, headers).end(body)
}

async function jwks(keys: Keys): Promise<Result> {
  return {
    status: 200,
    body: JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), alg: 'RS256', use: 'sig', kid: 'k' }] }),
  }
}

function authorize(parameters: URLSearchParams, codes: Map<string, IssuedCode>): Result {
  const get = (name: string) => parameters.get(name) ?? ''
  const code = randomUUID()
  codes.set(code, { challenge: get('code_challenge'), nonce: get('nonce'), redirectUri: get('redirect_uri') })
  const location = new URL(get('redirect_uri'))
  location.search = new URLSearchParams({ code, state: get('state') }).toString()
  return { status: 302, body: '', location: location.toString() }
}

function revoke(body: URLSearchParams, login: ManagedLoginInTest): Result {
  login.revoked.push(body.get('token') ?? '')
  return { status: 200, body: '' }
}

async function exchange(
  body: URLSearchParams,
  codes: Map<string, IssuedCode>,
  login: ManagedLoginInTest,
  keys: Keys,
  now: () => Date,
): Promise<Result> {
  if (login.tokenFailure) return login.tokenFailure
  const code = body.get('code') ?? ''
  const issued = codes.get(code)
  codes.delete(code)
  const challenge = createHash('sha256')
    .update(body.get('code_verifier') ?? '')
    .digest('base64url')
  const isRight = issued?.challenge === challenge && issued.redirectUri === body.get('redirect_uri')
  if (!isRight || body.get('client_id') !== clientId) return { status: 400, body: '{"error":"invalid_grant"}' }
  const tokens = await tokensFor(issued.nonce, login, keys, now())
  login.refreshTokens.push(tokens.refresh_token)
  return { status: 200, body: JSON.stringify(tokens) }
}

async function tokensFor(nonce: string, login: ManagedLoginInTest, keys: Keys, now: Date) {
  const { account, idTokenChanges: changes, url } = login
  const claims = { token_use: 'id', nonce, email: account.email, 'cognito:username': account.sub, ...changes.claims }
  const idToken = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuer(changes.issuer ?? url)
    .setAudience(changes.audience ?? clientId)
    .setSubject(account.sub)
    .setIssuedAt(now)
    .setExpirationTime(changes.expiresIn === undefined ? new Date(now.getTime() + 1_800_000) : new Date(changes.expiresIn))
    .sign(keys.privateKey)
  return {
    access_token: `access-${randomUUID()}`,
    id_token: idToken,
    refresh_token: `refresh-${randomUUID()}`,
    token_type: 'Bearer',
    expires_in: 1800,
  }
}
