import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ServerClock } from './server-clock.ts'

/** What S3 requests are signed with for an hour or so: they may read the user's own originals and do nothing else. */
export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** By the remote's clock. */
  readonly expiresAt: Date
}

export interface ObtainOptions {
  /** The access key id of credentials that the storage has just refused, although they should be good: get others. */
  readonly refused?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Credentials that are good for a minute at least, for as long as a run may take: asked for when they are first needed, and
 * renewed once for all who ask. Throws a `UserError` with exit code 12 when the session or the credentials are not accepted,
 * and with 5 when the identity pool cannot be reached.
 */
export type ObtainCredentials = (options?: ObtainOptions) => Promise<TemporaryCredentials>

export interface IssueOptions {
  readonly maximumAttempts?: number
  readonly signal?: AbortSignal | undefined
}

/** New credentials from the identity pool, whatever there is already. */
export type IssueCredentials = (options: IssueOptions) => Promise<TemporaryCredentials>

/** Renewed so long before they expire, while a pool that does not answer is no trouble yet. */
const renewBeforeMs = 10 * 60 * 1000
const attemptsWhenEarly = 2
/** An early renewal that failed is not tried again sooner. */
const betweenEarlyAttemptsMs = 60 * 1000
/** With less left, credentials could expire on their way. */
const leastLifeMs = 60 * 1000
/** Credentials that the storage refuses so soon are not worth asking for again. */
const newMs = 60 * 1000

interface Held {
  readonly credentials: TemporaryCredentials
  readonly obtainedAtMs: number
  /** When an early renewal may be tried. */
  readonly renewAtMs: number
}

/** One for all transfers of a run: those who ask share the run's signal. */
export function createTemporaryCredentials(issue: IssueCredentials, serverClock: ServerClock): ObtainCredentials {
  const nowMs = () => serverClock.now().getTime()
  let held: Held | undefined
  let renewing: Promise<Held> | undefined

  const renew = async (options: IssueOptions): Promise<TemporaryCredentials> => {
    renewing ??= issue(options)
      .then((credentials) => ({
        credentials,
        obtainedAtMs: nowMs(),
        renewAtMs: credentials.expiresAt.getTime() - renewBeforeMs,
      }))
      .finally(() => {
        renewing = undefined
      })
    held = await renewing
    return held.credentials
  }

  const renewEarly = async (before: Held, signal: AbortSignal | undefined): Promise<TemporaryCredentials> => {
    try {
      return await renew({ maximumAttempts: attemptsWhenEarly, signal })
    } catch (error) {
      if (!(error instanceof UserError && error.exitCode === exitCodes.remoteUnreachable)) throw error
      held = { ...before, renewAtMs: nowMs() + betweenEarlyAttemptsMs }
      return before.credentials
    }
  }

  return async ({ refused, signal } = {}) => {
    if (held && held.credentials.accessKeyId === refused) {
      if (nowMs() - held.obtainedAtMs < newMs) throw credentialsRefused()
      held = undefined
    }
    if (!held || nowMs() > held.credentials.expiresAt.getTime() - leastLifeMs) return await renew({ signal })
    return nowMs() < held.renewAtMs ? held.credentials : await renewEarly(held, signal)
  }
}

function credentialsRefused(): UserError {
  return new UserError('the storage does not accept the credentials that the remote gives', {
    exitCode: exitCodes.notSignedIn,
    hint: 'run the same command again; if that does not help, whoever runs the remote should look at its identity pool',
  })
}
