import type { SignedInDevice } from '../../contract/devices.ts'
import type { Context } from '../context.ts'
import { createTransport } from '../remote/transport.ts'
import { loginCommand } from './hints.ts'
import { openProfile } from './open-profile.ts'
import { requireProfile, requireSession, type SignedInProfile } from './profile.ts'
import { profilePlaceOf } from './profile-place.ts'
import { createSignedInDevices, type SignedInDevices } from './signed-in-devices.ts'
import { sessionEnded } from './signed-in-session.ts'

export interface OpenedDevices {
  readonly name: string
  readonly profile: SignedInProfile
  readonly devices: SignedInDevices
  /** All that are signed in, this machine among them. Throws a `UserError` with exit code 12 where it is not. */
  listAll(): Promise<readonly SignedInDevice[]>
  close(): void
}

/** The devices of the account that a profile is signed in to. Throws what `openRemote` does. */
export async function openDevices(profileName: string | undefined, context: Context): Promise<OpenedDevices> {
  const { signal } = context
  const place = profilePlaceOf(profileName, context)
  const profile = requireSession(await requireProfile(place), place.name)
  const transport = createTransport({ clock: context.clock ?? {} })
  try {
    const { configuration, session } = await openProfile(profile, { place, transport, signal })
    const signInHint = `sign in again: ${loginCommand(place.name, profile)}`
    const devices = createSignedInDevices({ configuration, session, transport, signInHint })
    return {
      name: place.name,
      profile,
      devices,
      async listAll() {
        const all = await devices.list({ signal })
        // An access token outlives its session by some minutes; the list does not.
        if (all.some(({ deviceId }) => deviceId === profile.session.device.deviceId)) return all
        throw sessionEnded(profile, place.name)
      },
      close: () => transport.close(),
    }
  } catch (error) {
    transport.close()
    throw error
  }
}
