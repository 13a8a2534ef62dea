import { resolve } from 'node:path'
import { type Context, defaultLibraryFolder } from '../context.ts'
import { findProfile } from '../session/profile.ts'
import { profilePlaceOf } from '../session/profile-place.ts'
import { formatCommand } from '../terminal/explain-failure.ts'

export interface ScheduledRemote {
  /** What names it. */
  readonly options: readonly string[]
  /** Absolute; undefined where it is none. */
  readonly library: string | undefined
  /** In lower case. */
  readonly warning: string | undefined
}

/**
 * The remote that `photos sync` would use now, to be named in a command: a night on which it cannot be found is then a failure,
 * and not a backup to somewhere else.
 */
export async function findScheduledRemote(
  typed: { readonly library?: string; readonly profile?: string },
  context: Context,
): Promise<ScheduledRemote> {
  const { environment } = context
  const isTyped = typed.library !== undefined || typed.profile !== undefined
  const library = (isTyped ? typed.library : environment['PHOTOS_LIBRARY']) || undefined
  if (library !== undefined) return named('--library', resolve(library))
  const profile = (isTyped ? typed.profile : environment['PHOTOS_PROFILE']) || undefined
  const place = profilePlaceOf(profile, context)
  const hasProfile = (await findProfile(place)) !== undefined
  if (hasProfile) return named('--profile', place.name)
  if (profile !== undefined) return { ...named('--profile', place.name), warning: notSignedIn(place.name) }
  const folder = defaultLibraryFolder(context)
  const { hasLibrary } = await import('../session/open-library.ts')
  if (await hasLibrary(folder)) return named('--library', folder)
  const warning = `nobody is signed in, and there is no library yet: the first run makes one in ${folder}; for another remote type photos login URL first, or add --library DIR`
  return { options: [], library: folder, warning }
}

function notSignedIn(profile: string): string {
  const command = formatCommand(['login', 'URL', '--profile', profile])
  return `nobody is signed in with the profile ${profile}, so that every run would end with exit code 10; to sign in: ${command}`
}

function named(flag: '--library' | '--profile', value: string): ScheduledRemote {
  return { options: [flag, value], library: flag === '--library' ? value : undefined, warning: undefined }
}
