import { Hono } from 'hono'
import {
  type AskVerificationResponse,
  askVerificationRequestSchema,
  type BeginVerificationResponse,
  beginVerificationRequestSchema,
} from '../../contract/verifications.ts'
import type { Backend } from '../backend.ts'
import { beginVerification, findVerifications } from '../photos/verifications.ts'
import { parseBody } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** That stored originals be read again, and what was found. Their bytes never pass through here. */
export function verificationRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>()
    .post('/', async (context) => {
      const { contentHashes } = await parseBody(beginVerificationRequestSchema, context)
      const verificationId = await beginVerification(context.var.owner, contentHashes, backend)
      return context.json({ verificationId } satisfies BeginVerificationResponse)
    })
    .post('/ask', async (context) => {
      const request = await parseBody(askVerificationRequestSchema, context)
      const verifications = await findVerifications(context.var.owner, request, backend)
      return context.json({ verifications } satisfies AskVerificationResponse)
    })
}
