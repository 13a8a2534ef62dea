import type { Context } from 'hono'
import * as z from 'zod'
import { parseRequest } from '../routes/parse-request.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { readableAddress, unknownAddress } from './client-address.ts'
import type { AuthBackend } from './connect-auth.ts'

const eventSchema = z.object({
  requestContext: z.object({ domainName: z.string().min(1), http: z.object({ sourceIp: z.string() }) }),
})

/** Where this API is, as browsers and devices know it. */
export function ownOriginOf(context: Context<RouteEnvironment>, auth: AuthBackend): string {
  const { apiEndpoint } = auth.environment
  if (apiEndpoint !== undefined) return new URL(apiEndpoint).origin
  return `https://${parseRequest(eventSchema, context.env.event).requestContext.domainName}`
}

/**
 * The address at the other end of the connection, or {@link unknownAddress}. Headers such as `X-Forwarded-For` say whatever a
 * client likes.
 */
export function sourceAddressOf(context: Context<RouteEnvironment>): string {
  const { sourceIp } = parseRequest(eventSchema, context.env.event).requestContext.http
  return sourceIp === '' ? unknownAddress : readableAddress(sourceIp)
}

/**
 * Whether a form was sent from one of our own pages. Browsers say so with every POST; a request that says nothing is not
 * one of our forms.
 */
export function isFromOwnPage(context: Context<RouteEnvironment>, auth: AuthBackend): boolean {
  return context.req.header('origin') === ownOriginOf(context, auth)
}
