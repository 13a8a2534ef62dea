import { createHash, randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import * as z from 'zod'
import { registerDeviceResponseSchema } from '../../../contract/devices.ts'
import { signInScope } from '../../../contract/remote-configuration.ts'
import { type Answer, ask, askForm } from '../request.ts'

export interface Credentials {
  readonly email: string
  readonly password: string
}

export const ada = { email: 'ada@example.com', password: 'correct horse battery' }
export const bob = { email: 'bob@example.com', password: 'staple and so forth' }

export const redirectUri = 'http://localhost:8431/callback'

const tokensSchema = z.object({
  access_token: z.string(),
  id_token: z.string(),
  refresh_token: z.string(),
  expires_in: z.number(),
  token_type: z.string(),
})
export type TokensInTest = z.infer<typeof tokensSchema>

/** What a browser keeps of one server, and the certificate that it trusts. */
export interface Jar {
  readonly cookies: Map<string, string>
  readonly ca?: string | undefined
  readonly from?: string | undefined
}

export function openJar(options: Omit<Jar, 'cookies'> = {}): Jar {
  return { cookies: new Map(), ...options }
}

export const codeVerifier = randomBytes(32).toString('base64url')

export function authorizeUrl(url: string, changes: Readonly<Record<string, string>> = {}): string {
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
  const parameters = {
    response_type: 'code',
    client_id: 'photos-cli',
    redirect_uri: redirectUri,
    scope: signInScope,
    state: 'some-state',
    nonce: 'some-nonce',
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    ...changes,
  }
  return `${url}/oauth2/authorize?${new URLSearchParams(parameters)}`
}

export async function visit(jar: Jar, url: string): Promise<Answer> {
  const { ca, from } = jar
  const answer = await ask(url, { headers: { accept: 'text/html', cookie: cookieOf(jar) }, ca, from })
  keep(jar, answer)
  return answer
}

/** Goes to the login form, and gives its address. */
export async function openLogin(jar: Jar, url: string, changes?: Readonly<Record<string, string>>): Promise<string> {
  return locationOf(url, await visit(jar, authorizeUrl(url, changes)))
}

export async function logIn(jar: Jar, loginUrl: string, credentials: Credentials): Promise<Answer> {
  const { ca, from } = jar
  const headers = { accept: 'text/html', cookie: cookieOf(jar), origin: new URL(loginUrl).origin }
  const answer = await askForm(loginUrl, { ...credentials }, { headers, ca, from })
  keep(jar, answer)
  return answer
}

/** The whole way to where the CLI waits: the address that the browser is sent to in the end. */
export async function signInInBrowser(
  url: string,
  credentials: Credentials,
  { jar = openJar(), changes = {} }: { readonly jar?: Jar; readonly changes?: Readonly<Record<string, string>> } = {},
): Promise<URL> {
  const answer = await logIn(jar, await openLogin(jar, url, changes), credentials)
  return new URL(locationOf(url, await visit(jar, locationOf(url, answer))))
}

export async function exchange(url: string, code: string, changes: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const form = { grant_type: 'authorization_code', client_id: 'photos-cli', code, redirect_uri: redirectUri, ...changes }
  return await askForm(`${url}/oauth2/token`, { code_verifier: codeVerifier, ...form })
}

/** Signs in and gives the tokens. */
export async function signIn(url: string, credentials: Credentials): Promise<TokensInTest> {
  const back = await signInInBrowser(url, credentials)
  const answer = await exchange(url, back.searchParams.get('code') ?? '')
  return tokensSchema.parse(JSON.parse(answer.text))
}

/** What a CLI holds: tokens, and the device that it is registered as, as client metadata. */
export async function signInDevice(url: string, credentials: Credentials) {
  const tokens = await signIn(url, credentials)
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const answer = await ask(`${url}/v1/devices`, { method: 'POST', headers, body: JSON.stringify({ name: 'a laptop' }) })
  const { deviceId, deviceSecret } = registerDeviceResponseSchema.parse(JSON.parse(answer.text))
  return { tokens, device: { device_id: deviceId, device_secret: deviceSecret } }
}

export function claimsOf(token: string) {
  return decodeJwt(token)
}

export function locationOf(url: string, { headers, status, text }: Answer): string {
  if (headers.location === undefined) throw new Error(`expected a redirect, got ${status}: ${text}`)
  return new URL(headers.location, url).href
}

function cookieOf({ cookies }: Jar): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

function keep({ cookies }: Jar, { headers }: Answer): void {
  for (const line of headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }
}
