import { Hono } from 'hono'
import { uploadKey } from '../../contract/object-keys.ts'
import {
  type AbandonUploadsResponse,
  abandonUploadsRequestSchema,
  type BeginUploadsResponse,
  beginUploadsRequestSchema,
  type CompleteUploadResponse,
  completeUploadRequestSchema,
  type SignPartsResponse,
  signPartsRequestSchema,
} from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import { abandonUploads } from '../photos/abandon-uploads.ts'
import { beginUploads } from '../photos/begin-uploads.ts'
import { completeUpload } from '../photos/complete-upload.ts'
import { parseBody } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** What to send, how, and that it is all there now. Bytes never pass through here. */
export function uploadRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>()
    .post('/', async (context) => {
      const { originals } = await parseBody(beginUploadsRequestSchema, context)
      const uploads = await beginUploads(context.var.owner, originals, backend)
      return context.json({ uploads } satisfies BeginUploadsResponse)
    })
    .post('/parts', async (context) => {
      const { contentHash, uploadId, parts } = await parseBody(signPartsRequestSchema, context)
      const key = uploadKey(context.var.owner, contentHash)
      const sign = parts.map((part) => backend.signer.part(backend.uploads.name, key, uploadId, part))
      return context.json({ requests: await Promise.all(sign) } satisfies SignPartsResponse)
    })
    .post('/complete', async (context) => {
      const { contentHash, uploadId } = await parseBody(completeUploadRequestSchema, context)
      const completed = await completeUpload(context.var.owner, contentHash, uploadId, backend)
      return context.json(completed satisfies CompleteUploadResponse)
    })
    .post('/abandon', async (context) => {
      const request = await parseBody(abandonUploadsRequestSchema, context)
      const uploads = await abandonUploads(context.var.owner, request.uploads, backend)
      return context.json({ uploads } satisfies AbandonUploadsResponse)
    })
}
