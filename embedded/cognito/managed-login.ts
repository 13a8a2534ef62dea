import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { networkOf, unknownAddress } from '../../lambda/auth/client-address.ts'
import type { Html } from '../../lambda/auth/pages/page.ts'
import { securityHeaders } from '../../lambda/auth/pages/page.ts'
import type { Account, NewAccount } from '../accounts.ts'
import { embeddedClientId } from '../issuer.ts'
import { sourceIpOf, type WayHere } from '../source-ip.ts'
import { beginWindowSeconds, createBeginLimits, isShortEnough } from './begin-limits.ts'
import { createLoginAttempts } from './login-attempts.ts'
import { failedPage, loginPage, loginProblems, tooManyPage } from './login-pages.ts'
import { authorizePath, loginPath, pathOf } from './managed-login-endpoints.ts'
import { createOidcServer, type OidcServerOptions } from './oidc-server.ts'
import type { SignInSessions } from './sign-in-sessions.ts'
import { loginIdOf } from './verified-login.ts'

export interface ManagedLoginOptions extends OidcServerOptions, WayHere {
  readonly verifyPassword: (typed: NewAccount) => Promise<Account | undefined>
}

export type ManagedLogin = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** A redirect that answers a form may lead to a CLI on the browser's own machine, which the policy would forbid otherwise. */
const formTargets = ['http://localhost:*']

/** Stands in for Cognito's managed login: accounts of the library, in place of those of a user pool. */
export function createManagedLogin(options: ManagedLoginOptions): ManagedLogin {
  const { sessions, publicUrl } = options
  const provider = createOidcServer(options)
  const answerOAuth = provider.callback()
  const answerLogin = createLoginForm(provider, options)
  const headers = Object.entries(securityHeaders(formTargets))
  const limits = createBeginLimits(options.now)

  /** Answers what is too much, before anything of it is kept. */
  const mayBegin = (request: IncomingMessage, response: ServerResponse): boolean => {
    const isShort = isShortEnough(request.url ?? '')
    if (isShort && limits.count(networkFor(request, options))) return true
    if (isShort) response.setHeader('retry-after', beginWindowSeconds)
    sendPage(response, isShort ? 429 : 400, isShort ? tooManyPage() : failedPage())
    return false
  }

  return async (request, response) => {
    for (const [name, value] of headers) response.setHeader(name, value)
    tellAddress(request, publicUrl)
    const path = pathOf(request)
    if (path === authorizePath && !mayBegin(request, response)) return
    if (path.startsWith(`${loginPath}/`)) await answerLogin(request, response)
    else if (path === '/oauth2/revoke') await answerRevocation(request, response, sessions)
    else await answerOAuth(request, response)
  }
}

/** oidc-provider makes its links, and chooses whether cookies are secure, by what a proxy would write here. It remembers nobody between sign-ins. */
function tellAddress(request: IncomingMessage, publicUrl: string): void {
  const { protocol, host } = new URL(publicUrl)
  request.headers['x-forwarded-proto'] = protocol.slice(0, -1)
  request.headers['x-forwarded-host'] = host
  delete request.headers['x-forwarded-for']
  const cookies = (request.headers.cookie ?? '').split(/; */).filter((cookie) => !cookie.startsWith('_session'))
  request.headers.cookie = cookies.join('; ')
}

function networkFor(request: IncomingMessage, way: WayHere): string {
  return networkOf(sourceIpOf(request, way) ?? unknownAddress)
}

function createLoginForm(provider: Provider, options: ManagedLoginOptions): ManagedLogin {
  const { publicUrl, verifyPassword, now } = options
  const attempts = createLoginAttempts(now)

  const submit = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request)
    const form = await readForm(request)
    const typed = { email: form?.get('email') ?? '', password: form?.get('password') ?? '' }
    const network = networkFor(request, options)
    if (!attempts.count(typed.email, network)) {
      return sendPage(response, 429, loginPage({ path, email: typed.email, problem: loginProblems.tooMany }))
    }
    const account = await verifyPassword(typed)
    if (account === undefined) {
      return sendPage(response, 400, loginPage({ path, email: typed.email, problem: loginProblems.wrong }))
    }
    attempts.succeed(typed.email, network)
    const login = { accountId: loginIdOf(account), remember: false }
    await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
  }

  return async (request, response) => {
    if (!(await isOfThisBrowser(provider, request, response))) return sendPage(response, 400, failedPage())
    if (request.method === 'GET') return sendPage(response, 200, loginPage({ path: pathOf(request) }))
    if (request.headers.origin !== new URL(publicUrl).origin) return sendPage(response, 403, failedPage())
    await submit(request, response)
  }
}

/** Whether the sign-in was begun by the browser that asks: its cookie says so. */
async function isOfThisBrowser(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  try {
    const { uid } = await provider.interactionDetails(request, response)
    return pathOf(request) === `${loginPath}/${uid}`
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return false
    throw error
  }
}

/** RFC 7009. Tokens that are not ours are answered alike. */
async function answerRevocation(request: IncomingMessage, response: ServerResponse, sessions: SignInSessions): Promise<void> {
  const form = await readForm(request)
  const token = form?.get('token')
  const [status, body] =
    form?.get('client_id') !== embeddedClientId
      ? [401, { error: 'invalid_client' }]
      : token === null || token === undefined
        ? [400, { error: 'invalid_request' }]
        : [200, {}]
  if (status === 200 && token) await sessions.revoke(token)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const maximumFormBytes = 16 * 1024

/** Undefined where it is no form, or a larger one than people fill in; that is read to its end, or else its sender hears no answer. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return undefined
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes <= maximumFormBytes) chunks.push(chunk)
  }
  return sizeBytes <= maximumFormBytes ? new URLSearchParams(Buffer.concat(chunks).toString()) : undefined
}

function sendPage(response: ServerResponse, status: number, page: Html): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(String(page))
}
