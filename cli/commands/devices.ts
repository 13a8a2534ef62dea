import type { Command } from 'commander'
import { deviceIdSchema, type SignedInDevice } from '../../contract/devices.ts'
import type { Context, Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { commandFor } from '../session/hints.ts'
import { type OpenedDevices, openDevices } from '../session/open-devices.ts'
import { formatDevices } from '../terminal/devices-table.ts'
import { jsonOption, profileOption } from './options.ts'

interface DevicesFlags {
  readonly profile?: string
  readonly json?: true
}

/** `photos devices`: what is signed in to the account, and the end of a session elsewhere. */
export function addDevicesCommand(program: Command, context: Context, finish: Finish): void {
  const devices = program.command('devices').description('list the devices that are signed in to the account, or revoke one')
  const withDevices = async (flags: DevicesFlags, work: (opened: OpenedDevices) => Promise<void>): Promise<void> => {
    const opened = await openDevices(flags.profile, context)
    try {
      await work(opened)
    } finally {
      opened.close()
    }
    finish(exitCodes.done)
  }
  devices
    .command('list', { isDefault: true })
    .description('list them, the newest first')
    .addOption(profileOption())
    .addOption(jsonOption())
    .action((flags: DevicesFlags) => withDevices(flags, (opened) => list(opened, flags.json === true, context)))
  devices
    .command('revoke')
    .description('end the session of one of them; what it has backed up stays')
    .argument('<id>', 'as in the list')
    .addOption(profileOption())
    .action((id: string, flags: DevicesFlags) => withDevices(flags, (opened) => revoke(opened, id, context)))
}

async function list({ listAll, profile }: OpenedDevices, isJson: boolean, { stdout }: Context): Promise<void> {
  const ownId = profile.session.device.deviceId
  const all = await listAll()
  const lines = isJson ? all.map((device) => formatJson(device, device.deviceId === ownId)) : formatDevices(all, ownId)
  for (const line of lines) stdout.write(`${line}\n`)
}

async function revoke({ devices, profile, name }: OpenedDevices, id: string, { stdout, signal }: Context): Promise<void> {
  if (id === profile.session.device.deviceId) {
    throw new UserError('that is this machine', {
      exitCode: exitCodes.usage,
      hint: `to end its session: ${commandFor(name, 'logout')}`,
    })
  }
  const isRevoked = deviceIdSchema.safeParse(id).success && (await devices.revoke(id, { signal }))
  if (!isRevoked) {
    throw new UserError(`no device ${JSON.stringify(id)} is signed in`, {
      exitCode: exitCodes.usage,
      hint: `to see which are: ${commandFor(name, 'devices')}`,
    })
  }
  stdout.write(`revoked ${id}: it cannot refresh its session any more, and what it can still do ends within the hour\n`)
}

/** A stable interface. */
function formatJson(device: SignedInDevice, isCurrent: boolean): string {
  return JSON.stringify({
    device_id: device.deviceId,
    name: device.name,
    signed_in_at: device.signedInAt,
    signed_in_from: device.signedInFrom,
    last_refreshed_at: device.lastRefreshedAt,
    is_current: isCurrent,
  })
}
