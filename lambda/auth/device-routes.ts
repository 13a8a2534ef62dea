import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import * as z from 'zod'
import type { ApiError } from '../../contract/api-error.ts'
import {
  type DevicesResponse,
  deviceIdSchema,
  type RegisterDeviceResponse,
  registerDeviceRequestSchema,
} from '../../contract/devices.ts'
import type { Owner } from '../../contract/owner.ts'
import { parseBody, parseRequest } from '../routes/parse-request.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { createRandomSecret, hashSecret } from './auth-keys.ts'
import type { AuthBackend } from './connect-auth.ts'
import { readableDeviceName } from './device-name.ts'
import { maximumDevices } from './devices.ts'
import { grantSeconds } from './grants.ts'
import { sourceAddressOf } from './request-facts.ts'

/** The device may have waited for the approval as long as its code was valid; then it registers at once. */
const maximumSignInAgeSeconds = grantSeconds + 5 * 60

/** `/v1/devices`: the machines that the owner has signed in. The secret of one is told once and kept as a hash. */
export function deviceRoutes(auth: AuthBackend) {
  return new Hono<RouteEnvironment>()
    .post('/', async (context) => {
      const { name } = await parseBody(registerDeviceRequestSchema, context)
      const { owner } = context.var
      if ((await auth.devices.list(owner)).length >= maximumDevices) {
        return context.json(errorBody('too_many_devices', `${maximumDevices} devices are signed in; revoke one first`), 409)
      }
      if (!(await isFreshSignIn(context, auth))) {
        return context.json(errorBody('sign_in_again', 'a sign-in registers one device, and soon; sign in again'), 403)
      }
      const device = { deviceId: randomBytes(6).toString('hex'), deviceSecret: createRandomSecret() }
      const { deviceId, deviceSecret } = device
      const facts = { name: readableDeviceName(name), signedInFrom: sourceAddressOf(context) }
      await auth.devices.put(owner, { deviceId, secretHash: hashSecret(deviceSecret), ...facts })
      auth.log({ level: 'info', event: 'device-registered' })
      return context.json(device satisfies RegisterDeviceResponse, 201)
    })
    .get('/', async (context) => {
      return context.json({ devices: await auth.devices.list(context.var.owner) } satisfies DevicesResponse)
    })
    .delete('/', async (context) => {
      const devices = await auth.devices.list(context.var.owner)
      for (const { deviceId } of devices) await revoke(context.var.owner, deviceId, auth)
      return context.body(null, 204)
    })
    .delete('/:deviceId', async (context) => {
      const deviceId = parseRequest(deviceIdSchema, context.req.param('deviceId'))
      if (await revoke(context.var.owner, deviceId, auth)) return context.body(null, 204)
      return context.json(errorBody('not_found', 'there is no such device'), 404)
    })
}

/** False when there is no such device. */
async function revoke(owner: Owner, deviceId: string, auth: AuthBackend): Promise<boolean> {
  const isRemoved = await auth.devices.remove(owner, deviceId)
  if (isRemoved) auth.log({ level: 'info', event: 'device-revoked' })
  return isRemoved
}

/**
 * Claims of the access token, as API Gateway hands them on: text. `origin_jti` and `auth_time` stay the same when a session
 * is refreshed.
 */
const signInClaimsSchema = z.object({ origin_jti: z.string().min(1), auth_time: z.coerce.number() })
const signInEventSchema = z.object({
  requestContext: z.object({ authorizer: z.object({ jwt: z.object({ claims: signInClaimsSchema }) }) }),
})

/** A device is registered by the sign-in that made it, once, and not by a session that somebody has been holding for long. */
async function isFreshSignIn(context: Context<RouteEnvironment>, auth: AuthBackend): Promise<boolean> {
  const signIn = signInEventSchema.safeParse(context.env.event).data?.requestContext.authorizer.jwt.claims
  if (signIn === undefined) return false
  const oldestAuthTime = auth.now().getTime() / 1000 - maximumSignInAgeSeconds
  if (signIn.auth_time < oldestAuthTime) return false
  return await auth.devices.isFirstOf(context.var.owner, signIn.origin_jti)
}

function errorBody(code: string, message: string): ApiError {
  return { error: { code, message } }
}
