import type { Owner } from '../../contract/owner.ts'

export interface TokenOptions {
  /** A token that the remote has just refused, although it should be good: get another one. */
  readonly refused?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A signed-in user, as long as a run may take: tokens are refreshed when they are asked for. Throws a `UserError` with exit
 * code 12 when the session has ended, and with 5 when it cannot be refreshed for want of a network.
 */
export interface Session {
  readonly owner: Owner
  /** For the API. Good for a minute at least. */
  accessToken(options?: TokenOptions): Promise<string>
  /** For temporary credentials. Good for a minute at least. */
  idToken(options?: TokenOptions): Promise<string>
}
