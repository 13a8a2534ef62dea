import { Hono } from 'hono'
import { z } from 'zod'
import type { Backend } from '../backend.ts'
import { parseRequest } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

const usageQuerySchema = z.object({ cursor: z.string().max(2048).optional() })

/** How much an owner has stored. */
export function usageRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>().get('/', async (context) => {
    const { cursor } = parseRequest(usageQuerySchema, context.req.query())
    return context.json(await backend.list.usage(context.var.owner, cursor))
  })
}
