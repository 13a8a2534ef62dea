import { Hono } from 'hono'
import * as z from 'zod'
import { deviceCodeGrantType, deviceGrantPaths } from '../../contract/device-grant.ts'
import { signInScope } from '../../contract/remote-configuration.ts'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import { hashSecret } from './auth-keys.ts'
import type { AuthBackend } from './connect-auth.ts'
import { requireKnownClient } from './device-authorization.ts'
import { parseForm, readForm } from './form-body.ts'
import type { Grant } from './grants.ts'
import { OAuthError } from './oauth-error.ts'
import { openTokens } from './sealed-tokens.ts'

const grantTypeSchema = z.object({ grant_type: z.string() })

/** RFC 8628, section 3.4. */
const tokenRequestSchema = z.object({ client_id: z.string(), device_code: z.string() })

/** `POST /oauth/token`: a device asks whether it has been let in, again and again; its tokens are given out once. */
export function tokenRoute(auth: AuthBackend) {
  return new Hono<RouteEnvironment>().post(deviceGrantPaths.token, async (context) => {
    const form = await readForm(context)
    if (parseForm(grantTypeSchema, form).grant_type !== deviceCodeGrantType) {
      throw new OAuthError('unsupported_grant_type', `the only grant type here is ${deviceCodeGrantType}`)
    }
    const request = parseForm(tokenRequestSchema, form)
    requireKnownClient(request.client_id, auth)
    return context.json(await redeem(hashSecret(request.device_code), request.client_id, auth))
  })
}

async function redeem(grantId: string, clientId: string, auth: AuthBackend) {
  const grant = await auth.grants.find(grantId)
  if (grant === undefined || grant.clientId !== clientId || grant.status === 'redeemed') throw invalidGrant()
  if (auth.grants.isExpired(grant)) throw new OAuthError('expired_token', 'the code has expired; start again')
  if (grant.status === 'denied') throw new OAuthError('access_denied', 'the sign-in was denied')
  if (grant.status === 'pending') throw await pending(grantId, grant, auth)
  const sealed = await auth.grants.redeem(grantId, clientId)
  if (sealed === undefined) throw invalidGrant()
  const tokens = openTokens(sealed, { kind: 'grant', id: grantId }, await auth.keys())
  auth.log({ level: 'info', event: 'sign-in-redeemed' })
  return {
    access_token: tokens.accessToken,
    id_token: tokens.idToken,
    refresh_token: tokens.refreshToken,
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((tokens.accessTokenExpiresAt - auth.now().getTime()) / 1000)),
    scope: signInScope,
  }
}

async function pending(grantId: string, grant: Grant, auth: AuthBackend): Promise<OAuthError> {
  if (await auth.grants.poll(grantId, grant)) return new OAuthError('authorization_pending', 'nobody has decided yet')
  return new OAuthError('slow_down', 'wait five seconds longer between two requests from now on')
}

/** The same for a code that is unknown, of another client, or used: nobody learns which. */
function invalidGrant(): OAuthError {
  return new OAuthError('invalid_grant', 'the device code is not valid')
}
