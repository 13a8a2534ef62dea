import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Transport } from '../remote/transport.ts'
import { commandFor, loginCommand } from './hints.ts'
import type { ProfilePlace, SignedInProfile } from './profile.ts'
import { createSignedInDevices } from './signed-in-devices.ts'
import { createUserPool, SessionEndedError, UserPoolUnreachableError } from './user-pool.ts'

export interface EndSessionOptions {
  readonly place: ProfilePlace
  readonly configuration: RemoteConfiguration
  readonly transport: Transport
  /** Ends the sessions of the user's other devices, too. */
  readonly allDevices?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Tells the remote that a session is over: its device is forgotten and its refresh token revoked. The tokens in the file
 * are left to the caller. A session that has ended already is no error, unless the others are to end with it. Throws a
 * `UserError` where the remote cannot be told.
 */
export async function endSession(profile: SignedInProfile, options: EndSessionOptions): Promise<void> {
  const userPool = createUserPool(options.configuration, options.transport.clock)
  let { refreshToken } = profile.session.tokens
  // Nothing that comes here is stored, since nothing of this session will be needed again.
  const renew = async (): Promise<string> => {
    const { deviceId, deviceSecret } = profile.session.device
    const renewed = await userPool.refresh(refreshToken, { device_id: deviceId, device_secret: deviceSecret })
    refreshToken = renewed.refreshToken ?? refreshToken
    return renewed.accessToken
  }
  try {
    await forgetDevices(profile, renew, options)
  } catch (error) {
    const isOver = error instanceof SessionEndedError || (error instanceof UserError && error.exitCode === exitCodes.notSignedIn)
    if (!isOver) throw asUserError(error, profile)
    if (options.allDevices) throw cannotEndOthers(profile, options.place)
  }
  await userPool.revoke(refreshToken).catch((error: unknown) => {
    throw asUserError(error, profile)
  })
}

const leastLifeMs = 60_000

async function forgetDevices(profile: SignedInProfile, renew: () => Promise<string>, options: EndSessionOptions): Promise<void> {
  const { configuration, transport, allDevices, signal, place } = options
  const { account, device, tokens } = profile.session
  let token = Date.parse(tokens.expiresAt) - transport.clock.now() < leastLifeMs ? await renew() : tokens.accessToken
  const session = {
    owner: account.owner,
    async accessToken({ refused }: { readonly refused?: string | undefined } = {}) {
      if (refused === token) token = await renew()
      return token
    },
    idToken: async () => tokens.idToken,
  }
  const signInHint = `sign in again: ${loginCommand(place.name, profile)}`
  const devices = createSignedInDevices({ configuration, session, transport, signInHint })
  if (allDevices) await devices.revokeAll({ signal })
  else await devices.revoke(device.deviceId, { signal })
}

function asUserError(error: unknown, { url }: SignedInProfile): unknown {
  if (!(error instanceof UserPoolUnreachableError)) return error
  return new UserError(`${new URL(url).host} cannot be reached (${error.message})`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the network, then try again',
    cause: error,
  })
}

function cannotEndOthers(profile: SignedInProfile, { name }: ProfilePlace): UserError {
  return new UserError('this session had ended already; those of other devices are as they were', {
    exitCode: exitCodes.notSignedIn,
    hint: `to end them: ${loginCommand(name, profile)}, then ${commandFor(name, 'logout --all-devices')}`,
  })
}
