import type { Context } from 'hono'
import type { RouteEnvironment } from '../routes/signed-in.ts'

/** A device that is limited: 429 (RFC 6585, section 4), and when it may come again. */
export function tooManyRequests(context: Context<RouteEnvironment>, waitSeconds: number): Response {
  context.header('Retry-After', String(waitSeconds))
  return context.json({ error: 'too_many_requests', error_description: `too many requests; try again in ${waitSeconds} s` }, 429)
}
