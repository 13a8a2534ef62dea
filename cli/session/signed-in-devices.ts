import * as z from 'zod'
import {
  devicesResponseSchema,
  type RegisterDeviceRequest,
  type RegisterDeviceResponse,
  registerDeviceResponseSchema,
  type SignedInDevice,
} from '../../contract/devices.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { type ApiCall, type ApiClient, createApiClient } from '../remote/api-client.ts'
import type { CallOptions } from '../remote/remote.ts'
import type { Transport } from '../remote/transport.ts'
import type { Session } from './session.ts'

/** The devices that are signed in as one user. Throws what a `Remote` does. */
export interface SignedInDevices {
  register(request: RegisterDeviceRequest, options?: CallOptions): Promise<RegisterDeviceResponse>
  /** Newest first. */
  list(options?: CallOptions): Promise<readonly SignedInDevice[]>
  /** Its session cannot be refreshed any more. Resolves with false where there is no such device. */
  revoke(deviceId: string, options?: CallOptions): Promise<boolean>
  revokeAll(options?: CallOptions): Promise<void>
}

export interface SignedInDevicesOptions {
  readonly configuration: RemoteConfiguration
  readonly session: Session
  readonly transport: Transport
  /** What to type when the session is not accepted. */
  readonly signInHint: string
}

export function createSignedInDevices({ configuration, ...options }: SignedInDevicesOptions): SignedInDevices {
  const client = createApiClient({ url: configuration.endpoints.api, ...options })
  return {
    register: (body, options) => ask(client, { path: 'v1/devices', body, answer: registerDeviceResponseSchema, ...options }),
    list: async (options) => (await ask(client, { path: 'v1/devices', answer: devicesResponseSchema, ...options })).devices,
    revoke: async (deviceId, options) =>
      (await client({ method: 'DELETE', path: `v1/devices/${encodeURIComponent(deviceId)}`, answer: noContent, ...options })) ??
      false,
    revokeAll: async (options) => {
      await ask(client, { method: 'DELETE', path: 'v1/devices', answer: noContent, ...options })
    },
  }
}

/** To be told from what is not there. */
const noContent = z.undefined().transform(() => true)

async function ask<T>(client: ApiClient, call: ApiCall<T>): Promise<T> {
  const answer = await client(call)
  if (answer === undefined) throw new Error(`the remote has no ${call.path}`)
  return answer
}
