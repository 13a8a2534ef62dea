import { apiVersion, loopbackRedirectUris, type RemoteConfiguration } from '../../contract/remote-configuration.ts'

/** How a remote at one address describes itself. */
export function remoteConfigurationInTest(url: string, changes: Partial<RemoteConfiguration> = {}): RemoteConfiguration {
  return {
    apiVersion,
    remoteId: 'in-test',
    region: 'us-east-1',
    issuer: 'https://issuer.invalid/in-test',
    clientId: 'in-test',
    storageBucket: 'storage',
    identityPoolId: 'us-east-1:in-test',
    endpoints: { api: url, s3: url, signIn: url, userPool: url, identityPool: url },
    loopbackRedirectUris,
    maximumOriginalSizeBytes: 1e12,
    ...changes,
  }
}
