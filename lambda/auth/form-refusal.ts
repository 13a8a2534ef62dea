import type { Context } from 'hono'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { findBrowserSecret } from './browser-cookie.ts'
import { sessionIdOf } from './browser-secret.ts'
import { networkOf } from './client-address.ts'
import type { AuthBackend } from './connect-auth.ts'
import { messagePage, messages, sentFromElsewhere } from './pages/message-page.ts'
import { isFromOwnPage, ownOriginOf, sourceAddressOf } from './request-facts.ts'

/** Forms of which an address and a browser may send a few in a while. */
export type LimitedForm = 'user-code' | 'decision'

/** What a form is answered that does not come from our own page, or is one too many; undefined where it may be read. */
export async function findFormRefusal(
  form: LimitedForm,
  context: Context<RouteEnvironment>,
  auth: AuthBackend,
): Promise<Response | undefined> {
  if (!isFromOwnPage(context, auth)) {
    const verificationUrl = `${ownOriginOf(context, auth)}${deviceGrantPaths.verification}`
    return context.html(messagePage(sentFromElsewhere(verificationUrl)), 403)
  }
  const waitSeconds = await countAttempt(form, context, auth)
  if (waitSeconds === undefined) return undefined
  context.header('Retry-After', String(waitSeconds))
  return context.html(messagePage(messages.tooManyAttempts), 429)
}

/** Counted before the form is looked at, so that guesses that come all at once are counted as well. */
async function countAttempt(form: LimitedForm, context: Context<RouteEnvironment>, auth: AuthBackend) {
  const byAddress = await auth.limits.count(`${form}-by-address`, networkOf(sourceAddressOf(context)))
  const browserSecret = findBrowserSecret(context, auth)
  if (byAddress !== undefined || browserSecret === undefined) return byAddress
  return await auth.limits.count(`${form}-by-session`, sessionIdOf(browserSecret))
}
