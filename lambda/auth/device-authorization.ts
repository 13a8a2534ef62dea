import { Hono } from 'hono'
import * as z from 'zod'
import { deviceGrantPaths, deviceNameParameter, formatUserCode } from '../../contract/device-grant.ts'
import { signInScope } from '../../contract/remote-configuration.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { createRandomSecret, hashSecret } from './auth-keys.ts'
import { networkOf } from './client-address.ts'
import type { AuthBackend } from './connect-auth.ts'
import { maximumDeviceNameBytes, readableDeviceName } from './device-name.ts'
import { parseForm, readForm } from './form-body.ts'
import { type GrantRequest, grantSeconds, pollIntervalSeconds } from './grants.ts'
import { OAuthError } from './oauth-error.ts'
import { ownOriginOf, sourceAddressOf } from './request-facts.ts'
import { tooManyRequests } from './too-many-requests.ts'
import { createUserCode } from './user-code.ts'

/** RFC 8628, section 3.1, and a name by which people will recognise the device. */
const deviceAuthorizationSchema = z.object({
  client_id: z.string(),
  scope: z.string().optional(),
  [deviceNameParameter]: z
    .string()
    .refine((name) => Buffer.byteLength(name) <= maximumDeviceNameBytes, 'too long')
    .default(''),
})

/** 20^8 codes, of which few are in use: two tries are more than anyone will need. */
const maximumTries = 5

/** `POST /oauth/device_authorization`: a device asks to be let in (RFC 8628, section 3.2). */
export function deviceAuthorizationRoute(auth: AuthBackend) {
  return new Hono<RouteEnvironment>().post(deviceGrantPaths.deviceAuthorization, async (context) => {
    const deviceAddress = sourceAddressOf(context)
    const waitSeconds = await auth.limits.count('device-authorization', networkOf(deviceAddress))
    if (waitSeconds !== undefined) return tooManyRequests(context, waitSeconds)
    const request = parseForm(deviceAuthorizationSchema, await readForm(context))
    requireKnownClient(request.client_id, auth)
    requireKnownScope(request.scope)
    const deviceName = readableDeviceName(request[deviceNameParameter])
    const codes = await createGrant({ clientId: request.client_id, deviceName, deviceAddress }, auth)
    return context.json(describeGrant(codes, ownOriginOf(context, auth)))
  })
}

export function requireKnownClient(clientId: string, auth: AuthBackend): void {
  if (clientId !== auth.environment.clientId) throw new OAuthError('invalid_client', 'there is no such client')
}

/** Less than everything may be asked for, but everything is what the device gets, and is told so (RFC 6749, section 3.3). */
function requireKnownScope(scope: string | undefined): void {
  const known = signInScope.split(' ')
  const isKnown = (scope ?? signInScope).split(' ').every((part) => known.includes(part))
  if (!isKnown) throw new OAuthError('invalid_scope', `the scope has to be within: ${signInScope}`)
}

interface Codes {
  readonly deviceCode: string
  readonly userCode: string
}

async function createGrant(request: GrantRequest, auth: AuthBackend): Promise<Codes> {
  const keys = await auth.keys()
  for (let tries = 0; tries < maximumTries; tries++) {
    const codes = { deviceCode: createRandomSecret(), userCode: createUserCode() }
    const isFree = await auth.grants.create(hashSecret(codes.deviceCode), keys.hashUserCode(codes.userCode), request)
    if (isFree) return codes
  }
  throw new Error('every user code that was tried is in use')
}

function describeGrant({ deviceCode, userCode }: Codes, origin: string) {
  const verificationUri = `${origin}${deviceGrantPaths.verification}`
  return {
    device_code: deviceCode,
    user_code: formatUserCode(userCode),
    verification_uri: verificationUri,
    verification_uri_complete: `${verificationUri}?user_code=${formatUserCode(userCode)}`,
    expires_in: grantSeconds,
    interval: pollIntervalSeconds,
  }
}
