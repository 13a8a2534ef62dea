import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import type { Transport } from '../remote/transport.ts'
import { endSession } from './end-session.ts'
import { loginCommand } from './hints.ts'
import type { SignInTokens } from './oauth-client.ts'
import { fetchProfileConfiguration } from './open-profile.ts'
import { findProfile, type Profile, type ProfilePlace, type SignedInProfile, type StoredSession, saveProfile } from './profile.ts'
import { withProfileLock } from './profile-lock.ts'
import { createSignedInDevices } from './signed-in-devices.ts'
import { tokensOf } from './signed-in-session.ts'
import { readIdToken } from './token-claims.ts'
import { createUserPool } from './user-pool.ts'

export interface KeepSignInOptions {
  readonly place: ProfilePlace
  /** As typed, normalised. */
  readonly url: string
  readonly insecureHttp: boolean
  readonly deviceName: string
  readonly configuration: RemoteConfiguration
  readonly transport: Transport
  readonly signal?: AbortSignal | undefined
}

export interface KeptSignIn {
  readonly profile: SignedInProfile
  /** What the profile was before, where somebody was signed in with it. */
  readonly replaced: SignedInProfile | undefined
  /** Whether the remote knows that the session of before is over. */
  readonly isReplacedEnded: boolean
}

/**
 * Makes fresh tokens a session that lasts: this machine becomes one of the user's devices, and the profile holds it all.
 * A session that the profile had before is ended; where that fails, the user finds it among the devices.
 */
export async function keepSignIn(tokens: SignInTokens, options: KeepSignInOptions): Promise<KeptSignIn> {
  const profile = await registerDevice(tokens, options)
  const replaced = await save(profile, options)
  return { profile, replaced, isReplacedEnded: replaced !== undefined && (await endReplaced(replaced, options)) }
}

/** Resolves with what it replaces. A session that cannot be kept is ended again. */
async function save(profile: SignedInProfile, options: KeepSignInOptions): Promise<SignedInProfile | undefined> {
  const { place, configuration, transport, signal } = options
  try {
    return await withProfileLock(place, { clock: transport.clock, signal }, async () => {
      const before = await findReplaced(place)
      await saveProfile(place, profile)
      return before
    })
  } catch (error) {
    const tooLong = AbortSignal.timeout(patienceMs)
    await endSession(profile, { place, configuration, transport, signal: tooLong }).catch(() => {})
    throw error
  }
}

async function registerDevice(tokens: SignInTokens, options: KeepSignInOptions): Promise<SignedInProfile> {
  const { place, url, insecureHttp, deviceName, configuration, transport, signal } = options
  const signInHint = `check the clock of this machine, then try again: ${loginCommand(place.name, { url, insecureHttp })}`
  try {
    const { sub: owner, email = owner } = readIdToken(tokens.idToken)
    const session = { owner, accessToken: async () => tokens.accessToken, idToken: async () => tokens.idToken }
    const devices = createSignedInDevices({ configuration, session, transport, signInHint })
    const registered = await devices.register({ name: deviceName }, { signal })
    const stored: StoredSession = {
      account: { owner, email },
      device: { ...registered, name: deviceName },
      tokens: tokensOf(tokens, tokens.refreshToken, transport.clock),
    }
    const { remoteId, issuer } = configuration
    return { version: 1, url, insecureHttp, remote: { remoteId, issuer }, session: stored }
  } catch (error) {
    // What nobody keeps should not stay good for a year; without a device it could not be refreshed, either.
    await createUserPool(configuration, transport.clock)
      .revoke(tokens.refreshToken)
      .catch(() => {})
    throw error
  }
}

/** A damaged profile is replaced like none. */
async function findReplaced(place: ProfilePlace): Promise<SignedInProfile | undefined> {
  try {
    return asSignedIn(await findProfile(place))
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

function asSignedIn(profile: Profile | undefined): SignedInProfile | undefined {
  return profile?.session && { ...profile, session: profile.session }
}

/** The person is signed in already, and waits only for the sake of order. */
const patienceMs = 10_000

/** By what its own address says, whatever the new remote claims to be: all that a remote says of itself can be copied. */
async function endReplaced(replaced: SignedInProfile, { place, transport, signal: given }: KeepSignInOptions): Promise<boolean> {
  const tooLong = AbortSignal.timeout(patienceMs)
  const signal = given ? AbortSignal.any([given, tooLong]) : tooLong
  try {
    const configuration = await fetchProfileConfiguration(replaced, { place, transport, signal })
    await endSession(replaced, { place, configuration, transport, signal })
    return true
  } catch {
    return false // the new session counts; the old one can still be ended: `photos devices`
  }
}
