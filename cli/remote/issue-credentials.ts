import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import type { Session } from '../session/session.ts'
import { noCredentials, sessionRefused, unreachable } from './remote-errors.ts'
import { isNetworkError, RetryableError, retry } from './retry.ts'
import type { ServerClock } from './server-clock.ts'
import type { IssueCredentials, IssueOptions, TemporaryCredentials } from './temporary-credentials.ts'
import { findTlsFailure } from './tls-failure.ts'
import type { Transport } from './transport.ts'

export interface CredentialIssuerOptions {
  readonly configuration: Pick<RemoteConfiguration, 'endpoints' | 'identityPoolId' | 'issuer' | 'region'>
  readonly session: Session
  readonly transport: Transport
  readonly serverClock: ServerClock
  /** What to type when the session is not accepted. */
  readonly signInHint: string
}

/**
 * Exchanges the session's ID token for temporary credentials: GetId, once a run, and GetCredentialsForIdentity. What passes
 * is tried again, and a token that is refused is made anew once. Throws a `UserError` with exit code 12 or 5.
 */
export function createCredentialIssuer(options: CredentialIssuerOptions): IssueCredentials {
  const { configuration, session, signInHint } = options
  const exchange = createExchange(options)
  return async (issue) => {
    // The SDK takes a while to load: only a run that downloads needs it.
    const { PoolFaultError, TokenRefusedError } = await import('./identity-pool.ts')
    const { signal } = issue
    const idToken = await session.idToken({ signal })
    try {
      return await exchange(idToken, issue).catch(async (error: unknown) => {
        if (!(error instanceof TokenRefusedError)) throw error
        return await exchange(await session.idToken({ refused: idToken, signal }), issue)
      })
    } catch (error) {
      if (error instanceof TokenRefusedError) throw sessionRefused(configuration.endpoints.api, signInHint, error)
      if (error instanceof PoolFaultError) throw noCredentials(error.message)
      const { identityPool } = configuration.endpoints
      if (isNetworkError(error) || error instanceof RetryableError) throw unreachable(identityPool, error)
      throw findTlsFailure(error, identityPool) ?? error
    }
  }
}

function createExchange({ configuration, transport, serverClock }: CredentialIssuerOptions) {
  let identityId: string | undefined
  return async (idToken: string, { maximumAttempts, signal }: IssueOptions): Promise<TemporaryCredentials> => {
    const { openIdentityPool } = await import('./identity-pool.ts')
    const pool = openIdentityPool({ configuration, transport, serverClock })
    const attempt = async () => {
      identityId ??= await pool.getIdentityId(idToken, signal)
      return await pool.getCredentials(identityId, idToken, signal)
    }
    const limit = maximumAttempts === undefined ? {} : { maximumAttempts }
    return await retry(attempt, { clock: transport.clock, patience: transport.outage.api, signal, ...limit })
  }
}
