import * as z from 'zod'

/** What a person calls a signed-in machine. Shown to people only after what cannot be seen has been taken out of it. */
export const deviceNameSchema = z.string().trim().min(1).max(255)

export const deviceIdSchema = z.string().regex(/^[a-z0-9]{8,32}$/)

/** `POST /v1/devices`: the session that asks is a device from now on, and can be refreshed as such. */
export const registerDeviceRequestSchema = z.object({ name: deviceNameSchema })
export type RegisterDeviceRequest = z.infer<typeof registerDeviceRequestSchema>

/** The secret is told once. Whoever refreshes the session has to show it: see {@link deviceMetadata}. */
export const registerDeviceResponseSchema = z.object({ deviceId: deviceIdSchema, deviceSecret: z.string().min(32) })
export type RegisterDeviceResponse = z.infer<typeof registerDeviceResponseSchema>

export const signedInDeviceSchema = z.object({
  deviceId: deviceIdSchema,
  name: deviceNameSchema,
  /** ISO 8601 in UTC. */
  signedInAt: z.iso.datetime(),
  /** The IP address that registered it; `unknown` where a proxy stands between. */
  signedInFrom: z.string(),
  /** When its session was refreshed last, which an active device does at least once an hour; null: never. */
  lastRefreshedAt: z.iso.datetime().nullable(),
})
export type SignedInDevice = z.infer<typeof signedInDeviceSchema>

/** `GET /v1/devices`: newest first. `DELETE /v1/devices/ID` and `DELETE /v1/devices` answer 204: none of these can refresh its session any more. */
export const devicesResponseSchema = z.object({ devices: z.array(signedInDeviceSchema).readonly() })
export type DevicesResponse = z.infer<typeof devicesResponseSchema>

/** Names of the client metadata that goes with a refresh (Cognito's `ClientMetadata`), by which the pool's trigger knows the device. */
export const deviceMetadataSchema = z.object({ device_id: deviceIdSchema, device_secret: z.string().min(32).max(128) })
export type DeviceMetadata = z.infer<typeof deviceMetadataSchema>
