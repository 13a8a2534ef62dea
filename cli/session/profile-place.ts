import { type Context, profilesFolder } from '../context.ts'
import { visible } from '../terminal/visible.ts'
import type { ProfilePlace } from './profile.ts'
import { defaultProfileName } from './profile-name.ts'

/** Where a profile of this user lies; the one that is used where none is named, unless one is. */
export function profilePlaceOf(name: string | undefined, context: Context): ProfilePlace {
  return {
    folder: profilesFolder(context),
    name: name ?? defaultProfileName,
    warn: (message) => void context.stderr.write(`${visible(message)}\n`),
  }
}
