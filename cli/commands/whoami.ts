import type { Command } from 'commander'
import type { Context, Finish } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openDevices } from '../session/open-devices.ts'
import type { SignedInProfile } from '../session/profile.ts'
import { visible } from '../terminal/visible.ts'
import { jsonOption, profileOption } from './options.ts'

interface WhoamiFlags {
  readonly profile?: string
  readonly json?: true
}

/** `photos whoami`: who is signed in, and where. */
export function addWhoamiCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('whoami')
    .description('say who is signed in, and ask the remote whether the session is still good')
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (flags: WhoamiFlags) => {
      await whoami(flags, context)
      finish(exitCodes.done)
    })
}

async function whoami(flags: WhoamiFlags, context: Context): Promise<void> {
  const { name, profile, listAll, close } = await openDevices(flags.profile, context)
  try {
    await listAll()
    context.stdout.write(`${flags.json ? formatJson(name, profile) : formatText(name, profile)}\n`)
  } finally {
    close()
  }
}

/** A stable interface. */
function formatJson(name: string, { url, remote, session: { account, device } }: SignedInProfile): string {
  return JSON.stringify({
    email: account.email,
    owner: account.owner,
    url,
    remote_id: remote.remoteId,
    profile: name,
    device_id: device.deviceId,
    device_name: device.name,
  })
}

function formatText(name: string, { url, session: { account, device } }: SignedInProfile): string {
  return [
    visible(account.email),
    `remote   ${url}`,
    `profile  ${name}`,
    `device   ${visible(device.name)} (${device.deviceId})`,
  ].join('\n')
}
