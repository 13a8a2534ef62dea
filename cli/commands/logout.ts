import { type Command, Option } from 'commander'
import type { Context, Finish } from '../context.ts'
import { createTransport } from '../remote/transport.ts'
import { DamagedProfileError, type ProfilePlace, profilePath } from '../session/profile.ts'
import { defaultProfileName } from '../session/profile-name.ts'
import { profilePlaceOf } from '../session/profile-place.ts'
import { removeDamagedProfile, signOut } from '../session/sign-out.ts'
import { visible } from '../terminal/visible.ts'
import { wrapFor } from '../terminal/wrap.ts'
import { profileOption } from './options.ts'

interface LogoutFlags {
  readonly profile?: string
  readonly allDevices?: true
}

/** `photos logout`: ends a session, here and at the remote. */
export function addLogoutCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('logout')
    .description('end the session of this machine; photos that are stored stay where they are')
    .addOption(profileOption())
    .addOption(new Option('--all-devices', 'end the sessions of all other devices, too').env('PHOTOS_ALL_DEVICES'))
    .action(async (flags: LogoutFlags) => {
      await logout(flags, context)
      finish(0)
    })
}

async function logout(flags: LogoutFlags, context: Context): Promise<void> {
  const place = profilePlaceOf(flags.profile, context)
  const transport = createTransport({ clock: context.clock ?? {} })
  const allDevices = flags.allDevices === true
  try {
    const { url, session } = await signOut({ place, transport, allDevices, signal: context.signal })
    const { host } = new URL(url)
    if (session === undefined) return void context.stderr.write(`nobody was signed in to ${host}\n`)
    const everywhere = allDevices ? ', on all devices' : ''
    context.stdout.write(`signed out of ${host} as ${visible(session.account.email)}${everywhere}\n`)
  } catch (error) {
    // Whose sessions the others are is not known any more.
    if (!(error instanceof DamagedProfileError) || allDevices) throw error
    await removeDamagedProfile(place)
    tellRemoved(place, context)
  } finally {
    transport.close()
  }
}

/** Also that which is no longer so: a run without a profile is not an error. */
function tellRemoved(place: ProfilePlace, { stdout, stderr }: Context): void {
  stdout.write(`removed the damaged profile ${profilePath(place)}\n`)
  const known = 'the remote still knows its session, if it had one: on another device of the account, photos devices lists it'
  stderr.write(`${wrapFor(stderr, known)}\n`)
  if (place.name !== defaultProfileName) return
  const kept = 'until somebody signs in again, photos are kept in a library on this machine'
  stderr.write(`${wrapFor(stderr, kept)}\n`)
}
