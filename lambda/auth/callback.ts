import { Hono } from 'hono'
import * as z from 'zod'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { findBrowserSecret } from './browser-cookie.ts'
import { isStateOf, sessionIdOf, signInSecretsOf } from './browser-secret.ts'
import type { AuthBackend } from './connect-auth.ts'
import { readQuery } from './form-body.ts'
import { ManagedLoginError, revokeQuietly, type Tokens } from './managed-login.ts'
import { type Message, messagePage, messages } from './pages/message-page.ts'
import { ownOriginOf } from './request-facts.ts'
import { sealTokens, waitingTokensOf } from './sealed-tokens.ts'

/** RFC 6749, sections 4.1.2 and 4.1.2.1: either a code or an error, never both. */
const callbackSchema = z.object({ state: z.string(), code: z.string().optional(), error: z.string().optional() })

/**
 * `GET /device/callback`: the managed login sends the browser back. It counts only in the browser that was sent there, and
 * once: else a forwarded link would sign in a stranger's device for whoever follows it.
 */
export function callbackRoute(auth: AuthBackend) {
  return new Hono<RouteEnvironment>().get(deviceGrantPaths.callback, async (context) => {
    const browserSecret = findBrowserSecret(context, auth)
    const query = callbackSchema.safeParse(readQuery(context))
    if (browserSecret === undefined || !query.success || !isStateOf(browserSecret, query.data.state)) {
      return context.html(messagePage(messages.otherBrowser), 400)
    }
    if (!(await auth.sessions.comeBack(sessionIdOf(browserSecret)))) return context.html(messagePage(messages.otherBrowser), 400)
    if (query.data.code === undefined || query.data.error !== undefined)
      return context.html(messagePage(messages.notSignedIn), 400)
    const redirectUri = `${ownOriginOf(context, auth)}${deviceGrantPaths.callback}`
    const problem = await signIn(browserSecret, query.data.code, redirectUri, auth)
    if (problem !== undefined) return context.html(messagePage(problem), 400)
    return context.redirect(deviceGrantPaths.confirm, 303)
  })
}

/** Tokens leave this function sealed or not at all. */
async function signIn(browserSecret: string, code: string, redirectUri: string, auth: AuthBackend): Promise<Message | undefined> {
  const sessionId = sessionIdOf(browserSecret)
  const secrets = signInSecretsOf(browserSecret)
  try {
    const tokens = await auth.managedLogin.exchange(code, secrets, redirectUri)
    const account = await verifyAccount(tokens, secrets.nonce, auth)
    const place = { kind: 'session', id: sessionId } as const
    const sealed = sealTokens(waitingTokensOf(tokens, auth.now()), place, await auth.keys())
    return (await auth.sessions.signIn(sessionId, account, sealed)) ? undefined : messages.nothingHere
  } catch (error) {
    if (!(error instanceof ManagedLoginError)) throw error
    auth.log({ level: 'error', event: 'sign-in-failed', error: error.message })
    return messages.signInFailed
  }
}

async function verifyAccount(tokens: Tokens, nonce: string, auth: AuthBackend): Promise<string> {
  try {
    return await auth.managedLogin.verifyAccount(tokens.id_token, nonce)
  } catch (error) {
    await revokeQuietly(tokens.refresh_token, auth)
    throw error
  }
}
