import { type Context, Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import type { ApiHandler } from './api.ts'
import { callbackRoute } from './auth/callback.ts'
import { confirmRoute } from './auth/confirm.ts'
import { type AuthBackend, connectAuth } from './auth/connect-auth.ts'
import { decisionRoute } from './auth/decision.ts'
import { deviceAuthorizationRoute } from './auth/device-authorization.ts'
import { deviceRoutes } from './auth/device-routes.ts'
import { OAuthError } from './auth/oauth-error.ts'
import { type Message, messagePage, messages } from './auth/pages/message-page.ts'
import { securityHeaders } from './auth/pages/page.ts'
import { answerNotFound, bareAddressRoute } from './auth/stray-visitors.ts'
import { tokenRoute } from './auth/token.ts'
import { verificationRoutes } from './auth/verification.ts'
import { InvalidRequestError } from './routes/parse-request.ts'
import { type RouteEnvironment, signedIn } from './routes/signed-in.ts'

/**
 * Signing in a device, in the order in which a sign-in travels. Cognito has no device grant: this carries RFC 8628 over to
 * its managed login (authorization code with PKCE). See docs/threat-model.md.
 */
function createApp(auth: AuthBackend): Hono<RouteEnvironment> {
  const headers = Object.entries(securityHeaders([new URL(auth.environment.signInUrl).origin]))
  const app = new Hono<RouteEnvironment>()
  app.use(async (context, next) => {
    await next()
    for (const [name, value] of headers) context.header(name, value)
  })
  app.route('/', deviceAuthorizationRoute(auth))
  app.route('/', verificationRoutes(auth))
  app.route('/', callbackRoute(auth))
  app.route('/', confirmRoute(auth))
  app.route('/', decisionRoute(auth))
  app.route('/', tokenRoute(auth))
  app.use('/v1/devices/*', signedIn)
  app.route('/v1/devices', deviceRoutes(auth))
  app.route('/', bareAddressRoute())
  app.notFound(answerNotFound)
  app.onError((error, context) => answerProblem(context, problemOf(error, context, auth)))
  return app
}

interface Problem {
  readonly status: 400 | 500
  readonly code: string
  readonly message: string
}

function problemOf(error: Error, context: Context<RouteEnvironment>, auth: AuthBackend): Problem {
  if (error instanceof OAuthError) return { status: 400, code: error.code, message: error.message }
  if (error instanceof InvalidRequestError) return { status: 400, code: 'invalid_request', message: error.message }
  auth.log({ level: 'error', event: 'auth-failed', path: context.req.path, error: `${error.name}: ${error.message}` })
  return { status: 500, code: 'server_error', message: 'the backend failed; try again' }
}

/** People get a page, devices what OAuth says (RFC 6749, section 5.2), the CLI what the API's contract says. */
function answerProblem(context: Context<RouteEnvironment>, { status, code, message }: Problem) {
  const { path } = context.req
  if (path === '/device' || path.startsWith('/device/')) return context.html(messagePage(pageMessages[status]), status)
  if (path.startsWith('/oauth/')) return context.json({ error: code, error_description: message }, status)
  return context.json({ error: { code, message } }, status)
}

const pageMessages: Readonly<Record<Problem['status'], Message>> = {
  400: messages.refused,
  500: messages.failed,
}

export function createAuthHandler(auth: AuthBackend): ApiHandler {
  return handle(createApp(auth))
}

let connected: ApiHandler | undefined

/** The function that is deployed. Clients are made at the first request and kept for the next ones. */
export const handler: ApiHandler = async (event) => {
  connected ??= createAuthHandler(connectAuth(process.env))
  return await connected(event)
}
