import { Hono } from 'hono'
import { type RestoreResponse, type TrashResponse, trashRequestSchema } from '../../contract/trash.ts'
import type { Backend } from '../backend.ts'
import { restorePhotos, trashPhotos } from '../photos/trash.ts'
import { parseBody } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** What its owner wants to see no more, and no sync brings back. Listed by `GET /v1/photos?trashed=true`. */
export function trashRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>()
    .post('/', async (context) => {
      const { contentHashes } = await parseBody(trashRequestSchema, context)
      const photos = await trashPhotos(context.var.owner, contentHashes, backend)
      return context.json({ photos } satisfies TrashResponse)
    })
    .post('/restore', async (context) => {
      const { contentHashes } = await parseBody(trashRequestSchema, context)
      const photos = await restorePhotos(context.var.owner, contentHashes, backend)
      return context.json({ photos } satisfies RestoreResponse)
    })
}
