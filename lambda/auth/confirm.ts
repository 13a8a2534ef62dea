import { type Context, Hono } from 'hono'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { findBrowserSecret } from './browser-cookie.ts'
import { sessionIdOf } from './browser-secret.ts'
import { userCodeContext } from './browser-sessions.ts'
import { networkOf, unknownAddress } from './client-address.ts'
import type { AuthBackend } from './connect-auth.ts'
import type { Grant } from './grants.ts'
import { type AddressComparison, confirmPage } from './pages/confirm-page.ts'
import { type Message, messagePage, messages } from './pages/message-page.ts'
import { sourceAddressOf } from './request-facts.ts'

/** `GET /device/confirm`: shows what there is to decide, or what was decided. It changes nothing. */
export function confirmRoute(auth: AuthBackend) {
  return new Hono<RouteEnvironment>().get(deviceGrantPaths.confirm, async (context) => {
    const browserSecret = findBrowserSecret(context, auth)
    const session = browserSecret === undefined ? undefined : await findSession(sessionIdOf(browserSecret), auth)
    if (session === undefined) return context.html(messagePage(messages.nothingHere), 400)
    if (session.grant.decidedBy === session.sessionId) return context.html(messagePage(outcomeOf(session.grant)))
    const problem = findProblem(session, auth)
    if (problem !== undefined) return context.html(messagePage(problem), 400)
    return context.html(confirmPage(await describe(session, context, auth)))
  })
}

async function findSession(sessionId: string, auth: AuthBackend) {
  const session = await auth.sessions.find(sessionId)
  const grant = session && (await auth.grants.find(session.grantId))
  return session && grant && { ...session, sessionId, grant }
}

type FoundSession = NonNullable<Awaited<ReturnType<typeof findSession>>>

/** The grant alone says what came of this browser's decision. */
function outcomeOf({ status }: Grant): Message {
  return status === 'denied' ? messages.denied : messages.approved
}

/** Why this browser has nothing to decide. */
function findProblem({ step, grant }: FoundSession, auth: AuthBackend): Message | undefined {
  if (step === 'started' || step === 'returned') return messages.nothingHere
  return step === 'decided' || !auth.grants.isOpen(grant) ? messages.decidedElsewhere : undefined
}

function compareAddresses(one: string, other: string): AddressComparison {
  if (one === unknownAddress || other === unknownAddress) return 'unknown'
  return networkOf(one) === networkOf(other) ? 'same' : 'different'
}

async function describe(session: FoundSession, context: Context<RouteEnvironment>, auth: AuthBackend) {
  const { sessionId, grant } = session
  const keys = await auth.keys()
  const browserAddress = sourceAddressOf(context)
  return {
    account: session.account ?? '',
    userCode: keys.open(session.sealedUserCode, userCodeContext(sessionId)),
    deviceName: grant.deviceName,
    deviceAddress: grant.deviceAddress,
    browserAddress,
    comparison: compareAddresses(browserAddress, grant.deviceAddress),
    requestedAt: new Date(grant.requestedAt),
    now: auth.now(),
    csrfToken: keys.csrfToken(sessionId),
  }
}
