import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Transport } from '../remote/transport.ts'
import { endSession } from './end-session.ts'
import { fetchProfileConfiguration } from './open-profile.ts'
import { loginCommand, type Profile, type ProfilePlace, requireProfile, type SignedInProfile, saveProfile } from './profile.ts'
import { withProfileLock } from './profile-lock.ts'

export interface SignOutOptions {
  readonly place: ProfilePlace
  readonly transport: Transport
  readonly allDevices: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Ends the session of a profile, at the remote and on this machine, and resolves with what the profile was. Where the remote
 * cannot be told the tokens are removed all the same, and a `UserError` with exit code 5 says what is left to do.
 */
export async function signOut({ place, transport, allDevices, signal }: SignOutOptions): Promise<Profile> {
  await requireProfile(place) // before a lock is made for what is not there
  return await withProfileLock(place, { clock: transport.clock, signal }, async () => {
    const profile = await requireProfile(place)
    const { session, ...signedOut } = profile
    if (session === undefined) return profile
    const failure = await tellRemote({ ...profile, session }, { place, transport, allDevices, signal })
    await saveProfile(place, signedOut)
    if (failure !== undefined) throw failure
    return profile
  })
}

/** Resolves with what went wrong, so that the tokens go first. */
async function tellRemote(profile: SignedInProfile, options: SignOutOptions): Promise<unknown> {
  try {
    const configuration = await fetchProfileConfiguration(profile, options)
    await endSession(profile, { ...options, configuration })
    return undefined
  } catch (error) {
    options.signal?.throwIfAborted()
    const isUnreachable = error instanceof UserError && error.exitCode === exitCodes.remoteUnreachable
    return isUnreachable ? stillKnown(profile, options, error) : error
  }
}

function stillKnown(profile: SignedInProfile, { place, allDevices }: SignOutOptions, cause: UserError): UserError {
  const command = allDevices ? 'photos logout --all-devices' : `photos devices revoke ${profile.session.device.deviceId}`
  const message = `signed out on this machine only: ${cause.message}, and still knows the session`
  return new UserError(message, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `to end it there, once it answers: ${loginCommand(place.name, profile.url)}, then ${command}`,
    cause,
  })
}
