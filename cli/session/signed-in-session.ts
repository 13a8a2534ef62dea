import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import { loginCommand } from './hints.ts'
import {
  findProfile,
  type Profile,
  type ProfilePlace,
  requireSession,
  type SignedInProfile,
  type StoredSession,
  saveProfile,
  type Tokens,
} from './profile.ts'
import { withProfileLock } from './profile-lock.ts'
import type { Session, TokenOptions } from './session.ts'
import { readIdToken } from './token-claims.ts'
import { createUserPool, type RefreshedTokens, SessionEndedError, type UserPool, UserPoolUnreachableError } from './user-pool.ts'

export interface SignedInSessionOptions {
  readonly place: ProfilePlace
  /** As the remote describes itself now. */
  readonly configuration: RemoteConfiguration
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** A token with less than this left is refreshed before it is handed out. */
const refreshBeforeMs = 2 * 60_000
/** Where it cannot be refreshed just now, one with so much left will do. */
const stillGoodMs = 10_000
/** So long after a failure, tokens that are still good are handed out without another attempt. */
const pauseAfterFailureMs = 15_000

type TokenKind = 'accessToken' | 'idToken'

/** The session of a profile, shared with every other process that uses the profile. */
export function createSignedInSession(profile: SignedInProfile, options: SignedInSessionOptions): Session {
  const { clock } = options
  let current = profile
  let refreshing: Promise<SignedInProfile> | undefined
  let pausedUntilMs = 0

  /** One at a time; one that began for another's sake may bring back the very token that was refused. */
  async function refresh(needs: TokenNeeds): Promise<void> {
    do {
      refreshing ??= refreshStored(current, needs, options).finally(() => {
        refreshing = undefined
      })
      current = await refreshing
    } while (current.session.tokens[needs.kind] === needs.refused)
  }

  async function token(kind: TokenKind, { refused, signal }: TokenOptions = {}): Promise<string> {
    const needs = { kind, refused }
    if (isFresh(current.session.tokens, needs, clock)) return current.session.tokens[kind]
    const isUsable = isGood(current.session.tokens, needs, clock)
    if (isUsable && clock.now() < pausedUntilMs) return current.session.tokens[kind]
    try {
      await unlessAborted(refresh(needs), signal)
    } catch (error) {
      if (!isUsable || !isPassing(error)) throw error
      pausedUntilMs = clock.now() + pauseAfterFailureMs
    }
    return current.session.tokens[kind]
  }

  return {
    owner: profile.session.account.owner,
    accessToken: (wanted) => token('accessToken', wanted),
    idToken: (wanted) => token('idToken', wanted),
  }
}

interface TokenNeeds {
  readonly kind: TokenKind
  readonly refused?: string | undefined
}

function isGood(tokens: Tokens, { kind, refused }: TokenNeeds, clock: Clock): boolean {
  return tokens[kind] !== refused && Date.parse(tokens.expiresAt) - clock.now() >= stillGoodMs
}

function isFresh(tokens: Tokens, { kind, refused }: TokenNeeds, clock: Clock): boolean {
  return tokens[kind] !== refused && Date.parse(tokens.expiresAt) - clock.now() >= refreshBeforeMs
}

function isPassing(error: unknown): boolean {
  return error instanceof UserError && (error.exitCode === exitCodes.remoteUnreachable || error.exitCode === exitCodes.locked)
}

/** Whoever gives up waiting does not stop the refresh that others wait for, and whose tokens have to be kept. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  signal.throwIfAborted()
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Takes the tokens that another process has stored in the meantime, or else new ones, which are stored before anyone sees them. */
async function refreshStored(
  known: SignedInProfile,
  needs: TokenNeeds,
  options: SignedInSessionOptions,
): Promise<SignedInProfile> {
  const { place, configuration, clock, signal } = options
  return await withProfileLock(place, { clock, signal }, async () => {
    const stored = requireSameSession(await findProfile(place), known, place.name)
    if (isFresh(stored.session.tokens, needs, clock)) return stored
    return await refreshAndSave(stored, { place, userPool: createUserPool(configuration, clock), clock })
  })
}

interface RefreshParts {
  readonly place: ProfilePlace
  readonly userPool: UserPool
  readonly clock: Clock
}

/** Only while holding the profile's lock. Throws what {@link Session} says. */
async function refreshAndSave(profile: SignedInProfile, { place, userPool, clock }: RefreshParts): Promise<SignedInProfile> {
  const { tokens, device } = profile.session
  const metadata = { device_id: device.deviceId, device_secret: device.deviceSecret }
  await saveProfile(place, profile) // a full disk is noticed while the refresh token is still good
  try {
    const refreshed = await userPool.refresh(tokens.refreshToken, metadata)
    const session: StoredSession = { ...profile.session, tokens: tokensOf(refreshed, tokens.refreshToken, clock) }
    await saveProfile(place, { ...profile, session })
    return { ...profile, session }
  } catch (error) {
    throw explainRefresh(error, profile, place.name)
  }
}

/** The shorter of the two lives counts, from now on: by the remote's clock this machine's may be wrong. */
export function tokensOf(fresh: RefreshedTokens, refreshToken: string, clock: Clock): Tokens {
  const { accessToken, idToken, expiresInSeconds } = fresh
  const { exp, iat } = readIdToken(idToken)
  const expiresAt = new Date(clock.now() + 1000 * Math.min(expiresInSeconds, exp - iat)).toISOString()
  return { accessToken, idToken, refreshToken: fresh.refreshToken ?? refreshToken, expiresAt }
}

function explainRefresh(error: unknown, profile: Profile, name: string): unknown {
  if (error instanceof SessionEndedError) return sessionEnded(profile, name)
  if (!(error instanceof UserPoolUnreachableError)) return error
  const { host } = new URL(profile.url)
  return new UserError(`the session with ${host} cannot be refreshed: the remote cannot be reached (${error.message})`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the network, then run the same command again',
    cause: error,
  })
}

export function sessionEnded(profile: Profile, name: string): UserError {
  return new UserError(`the session with ${new URL(profile.url).host} has ended`, {
    exitCode: exitCodes.notSignedIn,
    hint: `sign in again: ${loginCommand(name, profile)}`,
  })
}

/** A run that began as one user never goes on as another, nor at another address: what is stored may be of another remote. */
function requireSameSession(stored: Profile | undefined, known: SignedInProfile, name: string): SignedInProfile {
  const signedIn = requireSession(stored ?? { ...known, session: undefined }, name)
  const isSame =
    signedIn.url === known.url &&
    signedIn.session.account.owner === known.session.account.owner &&
    signedIn.remote.remoteId === known.remote.remoteId &&
    signedIn.remote.issuer === known.remote.issuer
  if (isSame) return signedIn
  throw new UserError(`the profile ${name} has been signed in to another account or remote`, {
    exitCode: exitCodes.notSignedIn,
    hint: 'run the command again, if it is meant for that one',
  })
}
