import { Hono } from 'hono'
import * as z from 'zod'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { isSameSecret } from './auth-keys.ts'
import { findBrowserSecret } from './browser-cookie.ts'
import { sessionIdOf } from './browser-secret.ts'
import type { AuthBackend } from './connect-auth.ts'
import { parseForm, readForm } from './form-body.ts'
import { findFormRefusal } from './form-refusal.ts'
import { revokeQuietly } from './managed-login.ts'
import { messagePage, messages } from './pages/message-page.ts'
import { openTokens, sealTokens } from './sealed-tokens.ts'

const csrfSchema = z.object({ csrf_token: z.string().default('') })
const decisionSchema = z.object({ decision: z.enum(['approve', 'deny']) })

/** `POST /device/decision`: the only request that lets a device in. */
export function decisionRoute(auth: AuthBackend) {
  return new Hono<RouteEnvironment>().post(deviceGrantPaths.decision, async (context) => {
    const refusal = await findFormRefusal('decision', context, auth)
    if (refusal !== undefined) return refusal
    const browserSecret = findBrowserSecret(context, auth)
    // After hours in front of the page the browser has let go of its cookie.
    if (browserSecret === undefined) return context.html(messagePage(messages.nothingHere), 403)
    const sessionId = sessionIdOf(browserSecret)
    const form = await readForm(context)
    const csrfToken = (await auth.keys()).csrfToken(sessionId)
    if (!isSameSecret(parseForm(csrfSchema, form).csrf_token, csrfToken)) return context.html(messagePage(messages.refused), 403)
    await decide(sessionId, parseForm(decisionSchema, form).decision, auth)
    return context.redirect(deviceGrantPaths.confirm, 303)
  })
}

/**
 * Takes the tokens out of the session first, which happens once, and hands them to the grant second: killed in between, the
 * device stays out. Tokens that the grant does not take are revoked.
 */
async function decide(sessionId: string, decision: 'approve' | 'deny', auth: AuthBackend): Promise<void> {
  const session = await auth.sessions.find(sessionId)
  const sealed = session && (await auth.sessions.takeTokens(sessionId))
  if (session === undefined || sealed === undefined) return
  const keys = await auth.keys()
  const tokens = openTokens(sealed, { kind: 'session', id: sessionId }, keys)
  if (decision === 'approve') {
    const sealedForGrant = sealTokens(tokens, { kind: 'grant', id: session.grantId }, keys)
    if (await auth.grants.approve(session.grantId, sessionId, sealedForGrant)) {
      return auth.log({ level: 'info', event: 'sign-in-approved' })
    }
  } else if (await auth.grants.deny(session.grantId, sessionId)) {
    auth.log({ level: 'info', event: 'sign-in-denied' })
  }
  await revokeQuietly(tokens.refreshToken, auth)
}
