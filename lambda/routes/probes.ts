import { Hono } from 'hono'
import { contentHashSchema } from '../../contract/content-hash.ts'
import { type BeginProbeResponse, beginProbeRequestSchema, type ProbeState, type ProbesResponse } from '../../contract/probes.ts'
import type { Backend } from '../backend.ts'
import { beginProbe, findProbe, removeProbe } from '../photos/probes.ts'
import { parseBody, parseRequest } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** The probes of `photos doctor`: the one thing that a client may store and remove again. */
export function probeRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>()
    .get('/', async (context) => {
      return context.json({ probes: await backend.probes.list(context.var.owner) } satisfies ProbesResponse)
    })
    .post('/', async (context) => {
      const probe = await parseBody(beginProbeRequestSchema, context)
      const request = await beginProbe(context.var.owner, probe, backend)
      return context.json({ request } satisfies BeginProbeResponse)
    })
    .get('/:contentHash', async (context) => {
      const contentHash = parseRequest(contentHashSchema, context.req.param('contentHash'))
      return context.json((await findProbe(context.var.owner, contentHash, backend)) satisfies ProbeState)
    })
    .delete('/:contentHash', async (context) => {
      const contentHash = parseRequest(contentHashSchema, context.req.param('contentHash'))
      await removeProbe(context.var.owner, contentHash, backend)
      return context.body(null, 204)
    })
}
