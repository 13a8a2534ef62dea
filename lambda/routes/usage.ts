import { Hono } from 'hono'
import { usageQuerySchema } from '../../contract/photos.ts'
import type { Backend } from '../backend.ts'
import { parseRequest } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** How much an owner has stored. */
export function usageRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>().get('/', async (context) => {
    const query = parseRequest(usageQuerySchema, context.req.query())
    return context.json(await backend.list.usage(context.var.owner, query))
  })
}
