import { Hono } from 'hono'
import { deviceGrantPaths, typedUserCodeSchema } from '../../contract/device-grant.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { createRandomSecret } from './auth-keys.ts'
import { findBrowserSecret, setBrowserSecret } from './browser-cookie.ts'
import { sessionIdOf, signInSecretsOf } from './browser-secret.ts'
import { userCodeContext } from './browser-sessions.ts'
import type { AuthBackend } from './connect-auth.ts'
import { readForm } from './form-body.ts'
import { findFormRefusal } from './form-refusal.ts'
import { enterCodePage } from './pages/enter-code-page.ts'
import { ownOriginOf } from './request-facts.ts'

/** One text for a code that was never given out, has expired, or is used: nobody learns which. */
const wrongCode = 'This code is not valid. Compare it with your device, which may show a new one by now.'

/** `/device`: where a person types the code (RFC 8628, section 3.3), and is sent to the managed login. */
export function verificationRoutes(auth: AuthBackend) {
  return new Hono<RouteEnvironment>()
    .get(deviceGrantPaths.verification, (context) => {
      if (findBrowserSecret(context, auth) === undefined) setBrowserSecret(context, auth, createRandomSecret())
      const linked = typedUserCodeSchema.safeParse(context.req.query('user_code'))
      return context.html(enterCodePage({ userCode: linked.data }))
    })
    .post(deviceGrantPaths.verification, async (context) => {
      const refusal = await findFormRefusal('user-code', context, auth)
      if (refusal !== undefined) return refusal
      const typed = typedUserCodeSchema.safeParse((await readForm(context))['user_code'])
      const started = typed.success ? await startSignIn(typed.data, ownOriginOf(context, auth), auth) : undefined
      if (started === undefined) return context.html(enterCodePage({ userCode: typed.data, problem: wrongCode }), 400)
      setBrowserSecret(context, auth, started.browserSecret)
      return context.redirect(started.url, 303)
    })
}

/** Gives the browser a new secret for this sign-in, and the way to the managed login; undefined for a code that is not valid. */
async function startSignIn(userCode: string, origin: string, auth: AuthBackend) {
  const keys = await auth.keys()
  const open = await auth.grants.findOpen(keys.hashUserCode(userCode))
  if (open === undefined) return undefined
  const browserSecret = createRandomSecret()
  const sessionId = sessionIdOf(browserSecret)
  const sealedUserCode = keys.seal(userCode, userCodeContext(sessionId))
  await auth.sessions.start(sessionId, { grantId: open.grantId, sealedUserCode, validUntil: open.grant.validUntil })
  const redirectUri = `${origin}${deviceGrantPaths.callback}`
  return { browserSecret, url: auth.managedLogin.authorizationUrl(signInSecretsOf(browserSecret), redirectUri) }
}
