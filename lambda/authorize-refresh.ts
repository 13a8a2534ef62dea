import type { PreTokenGenerationTriggerEvent } from 'aws-lambda'
import * as z from 'zod'
import { deviceMetadataSchema } from '../contract/devices.ts'
import { ownerSchema } from '../contract/owner.ts'
import { hashSecret } from './auth/auth-keys.ts'
import { type AuthBackend, connectAuth } from './auth/connect-auth.ts'

export type AuthorizeRefreshHandler = (event: PreTokenGenerationTriggerEvent) => Promise<PreTokenGenerationTriggerEvent>

/** Cognito hands the client's words on as they came. */
const refreshSchema = z.object({ userAttributes: z.object({ sub: ownerSchema }), clientMetadata: deviceMetadataSchema })

/** A client shows this text to whoever was refused. */
export class RefreshRefusedError extends Error {
  override readonly name = 'RefreshRefusedError'
}

/**
 * The user pool's trigger before it makes tokens: a session of the CLI is refreshed only for a device that its owner has
 * not revoked (docs/adr/0004-a-refresh-needs-its-device.md). Throws a RefreshRefusedError, which Cognito turns into a
 * `UserLambdaValidationException`.
 */
export function createAuthorizeRefreshHandler(auth: AuthBackend): AuthorizeRefreshHandler {
  return async (event) => {
    if (event.triggerSource !== 'TokenGeneration_RefreshTokens') return event
    if (event.callerContext.clientId !== auth.environment.clientId) return event
    const refresh = refreshSchema.safeParse(event.request)
    if (!refresh.success || !(await noteRefresh(refresh.data, auth))) {
      auth.log({ level: 'info', event: 'refresh-refused' })
      throw new RefreshRefusedError('this device is not signed in any more')
    }
    return event
  }
}

async function noteRefresh(
  { userAttributes, clientMetadata }: z.infer<typeof refreshSchema>,
  auth: AuthBackend,
): Promise<boolean> {
  const { device_id: deviceId, device_secret: deviceSecret } = clientMetadata
  return await auth.devices.noteRefresh(userAttributes.sub, deviceId, hashSecret(deviceSecret))
}

let connected: AuthorizeRefreshHandler | undefined

/** The function that is deployed. Clients are made at the first event and kept for the next ones. */
export const handler: AuthorizeRefreshHandler = async (event) => {
  connected ??= createAuthorizeRefreshHandler(connectAuth(process.env))
  return await connected(event)
}
