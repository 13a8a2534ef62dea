import { Hono } from 'hono'
import { apiVersion, loopbackRedirectUris, type RemoteConfiguration } from '../../contract/remote-configuration.ts'
import type { Environment } from '../aws/environment.ts'
import type { Backend } from '../backend.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** `GET /.well-known/photos.json`: public, and all that a client needs to know before it signs in. */
export function describeRemote(backend: Backend) {
  const { remoteId, region, issuer, clientId, storageBucket, identityPoolId, storageClass } = backend.environment

  return new Hono<RouteEnvironment>().get('/.well-known/photos.json', async (context) => {
    const configuration: RemoteConfiguration = {
      apiVersion,
      remoteId,
      region,
      issuer,
      clientId,
      storageBucket,
      identityPoolId,
      endpoints: endpointsOf(backend.environment, new URL(context.req.url).origin),
      loopbackRedirectUris,
      maximumOriginalSizeBytes: await backend.maximumOriginalSizeBytes(),
      storageClass,
    }
    return context.json(configuration)
  })
}

function endpointsOf(environment: Environment, origin: string): RemoteConfiguration['endpoints'] {
  const { region, apiEndpoint, s3Endpoint, signInUrl, cognitoEndpoint } = environment
  return {
    api: apiEndpoint ?? origin,
    s3: s3Endpoint ?? `https://s3.${region}.amazonaws.com`,
    signIn: signInUrl,
    userPool: cognitoEndpoint ?? `https://cognito-idp.${region}.amazonaws.com`,
    identityPool: cognitoEndpoint ?? `https://cognito-identity.${region}.amazonaws.com`,
  }
}
