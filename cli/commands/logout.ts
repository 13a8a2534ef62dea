import { type Command, Option } from 'commander'
import type { Context, Finish } from '../context.ts'
import { createTransport } from '../remote/transport.ts'
import { profilePlaceOf } from '../session/profile-place.ts'
import { signOut } from '../session/sign-out.ts'
import { visible } from '../terminal/visible.ts'
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
  try {
    const allDevices = flags.allDevices === true
    const { url, session } = await signOut({ place, transport, allDevices, signal: context.signal })
    const { host } = new URL(url)
    if (session === undefined) return void context.stderr.write(`nobody was signed in to ${host}\n`)
    const everywhere = allDevices ? ', on all devices' : ''
    context.stdout.write(`signed out of ${host} as ${visible(session.account.email)}${everywhere}\n`)
  } finally {
    transport.close()
  }
}
