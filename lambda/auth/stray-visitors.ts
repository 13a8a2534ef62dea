import { type Context, Hono } from 'hono'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { messagePage, messages } from './pages/message-page.ts'

/** `GET /`: somebody has typed the bare address, where there is nothing but signing in to be done with a browser. */
export function bareAddressRoute() {
  return new Hono<RouteEnvironment>().get('/', (context) =>
    isFromPerson(context) ? context.redirect(deviceGrantPaths.verification, 303) : answerNotFound(context),
  )
}

/** People get a page, scripts what API Gateway says where no route is. */
export function answerNotFound(context: Context<RouteEnvironment>): Response | Promise<Response> {
  if (isFromPerson(context)) return context.html(messagePage(messages.notFound), 404)
  return context.json({ message: 'Not Found' }, 404)
}

/** Whether whoever asks names web pages among what it takes, as browsers do for a page and for nothing else. */
function isFromPerson(context: Context<RouteEnvironment>): boolean {
  return /(^|,)\s*text\/html\b/i.test(context.req.header('accept') ?? '')
}
