import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Transport } from '../remote/transport.ts'
import { loginCommand } from './hints.ts'
import type { Profile, ProfilePlace, SignedInProfile } from './profile.ts'
import type { Session } from './session.ts'
import { createSignedInSession } from './signed-in-session.ts'
import { fetchTrustedConfiguration } from './trusted-configuration.ts'

export interface OpenProfileOptions {
  readonly place: ProfilePlace
  readonly transport: Transport
  readonly signal?: AbortSignal | undefined
}

export interface OpenedProfile {
  readonly configuration: RemoteConfiguration
  readonly session: Session
}

/** Asks the remote of a profile what it is, and uses the session with it. */
export async function openProfile(profile: SignedInProfile, options: OpenProfileOptions): Promise<OpenedProfile> {
  const { place, transport, signal } = options
  const configuration = await fetchProfileConfiguration(profile, options)
  return { configuration, session: createSignedInSession(profile, { place, configuration, clock: transport.clock, signal }) }
}

/**
 * How the remote of a profile describes itself now. Throws a `UserError` with exit code 12 where it says that it is another one
 * than was signed in to, whose tokens are not for it; and what {@link fetchTrustedConfiguration} does. Over plain `http` this
 * finds mistakes only: whoever answers there can say the same.
 */
export async function fetchProfileConfiguration(
  profile: Profile,
  { place, transport, signal }: OpenProfileOptions,
): Promise<RemoteConfiguration> {
  const { url, insecureHttp, remote } = profile
  const configuration = await fetchTrustedConfiguration({ url, insecureHttp, profileName: place.name, transport, signal })
  if (configuration.remoteId === remote.remoteId && configuration.issuer === remote.issuer) return configuration
  throw new UserError(`another remote than the one that you signed in to answers at ${new URL(url).host}`, {
    exitCode: exitCodes.notSignedIn,
    hint: `if you expect that, sign in to it: ${loginCommand(place.name, profile)}`,
  })
}
