import { rm } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Transport } from '../remote/transport.ts'
import { endSession } from './end-session.ts'
import { commandFor, loginCommand } from './hints.ts'
import { fetchProfileConfiguration } from './open-profile.ts'
import {
  forgetSession,
  type Profile,
  type ProfilePlace,
  profilePath,
  requireProfile,
  type SignedInProfile,
  unusable,
} from './profile.ts'
import { withProfileLock } from './profile-lock.ts'

export interface SignOutOptions {
  readonly place: ProfilePlace
  readonly transport: Transport
  readonly allDevices: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Ends the session of a profile, at the remote and on this machine, and resolves with what the profile was. Where the remote
 * cannot be told the tokens are removed all the same, and a `UserError` with exit code 5 says what is left to do. With
 * `allDevices` it is one with exit code 12 where nobody is signed in: whose sessions are meant is not known any more.
 */
export async function signOut({ place, transport, allDevices, signal }: SignOutOptions): Promise<Profile> {
  await requireProfile(place) // before a lock is made for what is not there
  return await lockedIfPossible({ place, transport, allDevices, signal }, async () => {
    const profile = await requireProfile(place)
    const { session } = profile
    if (session === undefined && allDevices) throw nobodyToEndThem(profile, place.name)
    if (session === undefined) return profile
    const failure = await tellRemote({ ...profile, session }, { place, transport, allDevices, signal })
    await forgetSession(place, profile)
    if (failure !== undefined) throw failure
    return profile
  })
}

/** Of a profile that nothing can be made of, nothing is left. */
export async function removeDamagedProfile(place: ProfilePlace): Promise<void> {
  try {
    await rm(profilePath(place))
  } catch (error) {
    throw unusable(place, 'written', error)
  }
}

/** On a full disk not even a lock can be had. Then nobody else can store a session, either, and this one has to end. */
async function lockedIfPossible({ place, transport, signal }: SignOutOptions, work: () => Promise<Profile>): Promise<Profile> {
  let hasBegun = false
  try {
    return await withProfileLock(place, { clock: transport.clock, signal }, async () => {
      hasBegun = true
      return await work()
    })
  } catch (error) {
    const cannotLock = !hasBegun && error instanceof UserError && error.exitCode === exitCodes.remoteUnreachable
    if (!cannotLock) throw error
    return await work()
  }
}

function nobodyToEndThem(profile: Profile, name: string): UserError {
  const { host } = new URL(profile.url)
  return new UserError(`nobody is signed in to ${host} on this machine; the sessions of other devices are as they were`, {
    exitCode: exitCodes.notSignedIn,
    hint: `to end them: ${loginCommand(name, profile)}, then ${commandFor(name, 'logout --all-devices')}`,
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
  const words = allDevices ? 'logout --all-devices' : `devices revoke ${profile.session.device.deviceId}`
  const message = `signed out on this machine only: ${cause.message}, and still knows the session`
  return new UserError(message, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `to end it there, once it answers: ${loginCommand(place.name, profile)}, then ${commandFor(place.name, words)}`,
    cause,
  })
}
