import type { LambdaEvent } from 'hono/aws-lambda'
import { createMiddleware } from 'hono/factory'
import * as z from 'zod'
import { type Owner, ownerSchema } from '../../contract/owner.ts'
import { accessScope } from '../../contract/remote-configuration.ts'

/** What Hono's Lambda adapter hands to every route, and what the middlewares add. */
export interface RouteEnvironment {
  readonly Bindings: { readonly event: LambdaEvent }
  readonly Variables: { owner: Owner }
}

/** The claims that API Gateway's JWT authorizer has verified (payload format 2.0). */
const verifiedEventSchema = z.object({
  requestContext: z.object({
    authorizer: z.object({ jwt: z.object({ claims: z.object({ sub: ownerSchema, scope: z.string() }) }) }),
  }),
})

/**
 * Takes the owner from the verified token and from nowhere else. The authorizer has refused other requests already;
 * this refuses them once more, so that a route left open in the template stays closed.
 */
export const signedIn = createMiddleware<RouteEnvironment>(async (context, next) => {
  const verified = verifiedEventSchema.safeParse(context.env.event)
  const claims = verified.data?.requestContext.authorizer.jwt.claims
  if (!claims?.scope.split(' ').includes(accessScope)) {
    return context.json({ error: { code: 'unauthorized', message: 'sign in first' } }, 401)
  }
  context.set('owner', claims.sub)
  return await next()
})
