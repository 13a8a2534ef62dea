import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Profile, profilePath, saveProfile } from '../../../cli/session/profile.ts'
import { type PhotosUser, photosUser } from '../photos-process.ts'
import { signInDevice } from './device-grant.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { registerDevice } from './session-calls.ts'

export interface SignedInUser extends PhotosUser {
  /** The profile's file. */
  readonly profileFile: string
  /** What is in it. */
  readProfile(): Promise<string>
  /** As if the tokens had been given out long ago: the next run has to refresh them. */
  letTokensExpire(): Promise<void>
}

/** A user who has signed in to Alice's account, without waiting for a terminal. */
export async function signedInUser(served: ServedAccounts): Promise<SignedInUser> {
  const user = await photosUser()
  const folder = join(user.folder, '.config', 'photos', 'profiles')
  const place = { folder, name: 'default' }
  const tokens = await signInDevice(served)
  const device = await registerDevice(served, tokens)
  const { remoteId, issuer } = served.configuration
  const profile: Profile = {
    version: 1,
    url: served.url,
    insecureHttp: false,
    remote: { remoteId, issuer },
    session: {
      account: { owner: ownerOf(served), email: served.alice.email },
      device: { deviceId: device.device_id, deviceSecret: device.device_secret, name: 'attic NAS' },
      tokens: {
        accessToken: tokens.access_token,
        idToken: tokens.id_token,
        refreshToken: tokens.refresh_token,
        expiresAt: new Date(0).toISOString(),
      },
    },
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await saveProfile(place, profile)
  const profileFile = profilePath(place)
  const readProfile = () => readFile(profileFile, 'utf8')
  return {
    ...user,
    profileFile,
    readProfile,
    async letTokensExpire() {
      const text = await readProfile()
      await writeFile(profileFile, text.replace(/"expiresAt": "[^"]*"/, `"expiresAt": "${new Date(0).toISOString()}"`))
    },
  }
}

function ownerOf({ backend }: ServedAccounts) {
  return backend.identity.owner
}
