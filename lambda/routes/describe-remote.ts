import { Hono } from 'hono'
import { apiVersion, type RemoteConfiguration } from '../../contract/remote-configuration.ts'
import type { Backend } from '../backend.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** `GET /.well-known/photos.json`: public, and all that a client needs to know before it signs in. */
export function describeRemote(backend: Backend) {
  const { remoteId, region, issuer, clientId, storageBucket, s3Endpoint, apiEndpoint } = backend.environment
  const s3 = s3Endpoint ?? `https://s3.${region}.amazonaws.com`

  return new Hono<RouteEnvironment>().get('/.well-known/photos.json', async (context) => {
    const api = apiEndpoint ?? new URL(context.req.url).origin
    const maximumOriginalSizeBytes = await backend.maximumOriginalSizeBytes()
    const endpoints = { api, s3 }
    const configuration: RemoteConfiguration = {
      apiVersion,
      remoteId,
      region,
      issuer,
      clientId,
      storageBucket,
      endpoints,
      maximumOriginalSizeBytes,
    }
    return context.json(configuration)
  })
}
