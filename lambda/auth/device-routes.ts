import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import type { ApiError } from '../../contract/api-error.ts'
import {
  type DevicesResponse,
  deviceIdSchema,
  type RegisterDeviceResponse,
  registerDeviceRequestSchema,
} from '../../contract/devices.ts'
import { parseBody, parseRequest } from '../routes/parse-request.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { createRandomSecret, hashSecret } from './auth-keys.ts'
import type { AuthBackend } from './connect-auth.ts'
import { readableDeviceName } from './device-name.ts'
import { maximumDevices } from './devices.ts'
import { sourceAddressOf } from './request-facts.ts'

/** `/v1/devices`: the machines that the owner has signed in. The secret of one is told once and kept as a hash. */
export function deviceRoutes(auth: AuthBackend) {
  return new Hono<RouteEnvironment>()
    .post('/', async (context) => {
      const { name } = await parseBody(registerDeviceRequestSchema, context)
      const { owner } = context.var
      if ((await auth.devices.list(owner)).length >= maximumDevices) {
        return context.json(errorBody('too_many_devices', `${maximumDevices} devices are signed in; revoke one first`), 409)
      }
      const device = { deviceId: randomBytes(6).toString('hex'), deviceSecret: createRandomSecret() }
      const { deviceId, deviceSecret } = device
      const facts = { name: readableDeviceName(name), signedInFrom: sourceAddressOf(context) }
      await auth.devices.put(owner, { deviceId, secretHash: hashSecret(deviceSecret), ...facts })
      return context.json(device satisfies RegisterDeviceResponse, 201)
    })
    .get('/', async (context) => {
      return context.json({ devices: await auth.devices.list(context.var.owner) } satisfies DevicesResponse)
    })
    .delete('/', async (context) => {
      const devices = await auth.devices.list(context.var.owner)
      for (const { deviceId } of devices) await auth.devices.remove(context.var.owner, deviceId)
      return context.body(null, 204)
    })
    .delete('/:deviceId', async (context) => {
      const deviceId = parseRequest(deviceIdSchema, context.req.param('deviceId'))
      if (await auth.devices.remove(context.var.owner, deviceId)) return context.body(null, 204)
      return context.json(errorBody('not_found', 'there is no such device'), 404)
    })
}

function errorBody(code: string, message: string): ApiError {
  return { error: { code, message } }
}
