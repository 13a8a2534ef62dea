import { Hono } from 'hono'
import { contentHashSchema } from '../../contract/content-hash.ts'
import { type FindPhotoResponse, listPhotosQuerySchema } from '../../contract/photos.ts'
import { type ConfirmResponse, confirmRequestSchema } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import { confirmPhotos } from '../photos/confirm-photos.ts'
import { parseBody, parseRequest } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** What is indexed: confirm it, list it, show one. */
export function photoRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>()
    .post('/confirm', async (context) => {
      const request = await parseBody(confirmRequestSchema, context)
      const photos = await confirmPhotos(context.var.owner, request, backend)
      return context.json({ photos } satisfies ConfirmResponse)
    })
    .get('/', async (context) => {
      const query = parseRequest(listPhotosQuerySchema, context.req.query())
      return context.json(await backend.list.page(context.var.owner, query))
    })
    .get('/:contentHash', async (context) => {
      const contentHash = parseRequest(contentHashSchema, context.req.param('contentHash'))
      const photo = (await backend.index.find(context.var.owner, [contentHash])).get(contentHash)?.photo
      if (photo === undefined) return context.json({ error: { code: 'not_found', message: 'there is no such photo' } }, 404)
      const records = await backend.index.findLocations(context.var.owner, contentHash)
      const locations = records.map((record) => record.location)
      return context.json({ photo, locations } satisfies FindPhotoResponse)
    })
}
