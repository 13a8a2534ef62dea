import { Hono } from 'hono'
import { type APIGatewayProxyResult, handle, type LambdaEvent } from 'hono/aws-lambda'
import type { ApiError } from '../contract/api-error.ts'
import { type Backend, connectBackend } from './backend.ts'
import { InvalidCursorError } from './photos/list-photos.ts'
import { describeRemote } from './routes/describe-remote.ts'
import { downloadRoutes } from './routes/downloads.ts'
import { InvalidRequestError } from './routes/parse-request.ts'
import { photoRoutes } from './routes/photos.ts'
import { probeRoutes } from './routes/probes.ts'
import { type RouteEnvironment, signedIn } from './routes/signed-in.ts'
import { trashRoutes } from './routes/trash.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { usageRoutes } from './routes/usage.ts'
import { verificationRoutes } from './routes/verifications.ts'

/** The API: everything under `/v1` belongs to the signed-in owner. */
function createApp(backend: Backend): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.use('/v1/*', signedIn)
  app.route('/', describeRemote(backend))
  app.route('/v1/uploads', uploadRoutes(backend))
  app.route('/v1/photos', photoRoutes(backend))
  app.route('/v1/downloads', downloadRoutes(backend))
  app.route('/v1/trash', trashRoutes(backend))
  app.route('/v1/usage', usageRoutes(backend))
  app.route('/v1/probes', probeRoutes(backend))
  app.route('/v1/verifications', verificationRoutes(backend))
  app.notFound((context) => context.json(errorBody('not_found', 'there is no such route'), 404))
  app.onError((error, context) => {
    if (error instanceof InvalidRequestError) return context.json(errorBody('invalid_request', error.message), 400)
    if (error instanceof InvalidCursorError) return context.json(errorBody('invalid_cursor', error.message), 400)
    backend.log({ level: 'error', event: 'api-failed', path: context.req.path, error: `${error.name}: ${error.message}` })
    return context.json(errorBody('internal', 'the backend failed; try again'), 500)
  })
  return app
}

function errorBody(code: string, message: string): ApiError {
  return { error: { code, message } }
}

/** An HTTP API's request, payload format 2.0. */
export type ApiEvent = Extract<LambdaEvent, { rawPath: string }>
export type ApiResult = APIGatewayProxyResult
export type ApiHandler = (event: ApiEvent) => Promise<ApiResult>

export function createApiHandler(backend: Backend): ApiHandler {
  return handle(createApp(backend))
}

let connected: ApiHandler | undefined

/** The function that is deployed. Clients are made at the first request and kept for the next ones. */
export const handler: ApiHandler = async (event) => {
  connected ??= createApiHandler(connectBackend(process.env))
  return await connected(event)
}
