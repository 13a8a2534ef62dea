import { Hono } from 'hono'
import { contentHashSchema } from '../../contract/content-hash.ts'
import { type FindPhotoResponse, listPhotosQuerySchema } from '../../contract/photos.ts'
import { type ConfirmResponse, confirmRequestSchema } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import { confirmPhotos } from '../photos/confirm-photos.ts'
import { listTrash } from '../photos/trash.ts'
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
      const { owner } = context.var
      return context.json(query.trashed ? await listTrash(owner, query, backend) : await backend.list.page(owner, query))
    })
    .get('/:contentHash', async (context) => {
      const contentHash = parseRequest(contentHashSchema, context.req.param('contentHash'))
      const record = (await backend.index.find(context.var.owner, [contentHash])).get(contentHash)
      if (record === undefined) return context.json({ error: { code: 'not_found', message: 'there is no such photo' } }, 404)
      const records = await backend.index.findLocations(context.var.owner, contentHash)
      const locations = records.map((record) => record.location)
      const { photo, trashedAt } = record
      return context.json({ photo, locations, ...(trashedAt !== undefined && { trashedAt }) } satisfies FindPhotoResponse)
    })
}
