import * as z from 'zod'
import { deviceGrantPaths } from '../../contract/device-grant.ts'
import type { ApiHandler } from '../../lambda/api.ts'
import type { OAuthErrorCode } from '../../lambda/auth/oauth-error.ts'
import type { SignInSessions } from './sign-in-sessions.ts'

const tokensSchema = z.object({ refresh_token: z.string() })

const refused: OAuthErrorCode = 'access_denied'

/**
 * Between a sign-in and the device that fetches its tokens lies the time that a person takes to decide. Tokens of an account
 * that was removed in it, or got another password, are not handed over. (Cognito cannot be asked; there they live half an hour.)
 */
export function withholdEndedTokens(authFunction: ApiHandler, sessions: SignInSessions): ApiHandler {
  return async (event) => {
    const result = await authFunction(event)
    if (event.rawPath !== deviceGrantPaths.token || result.statusCode !== 200) return result
    const { refresh_token } = tokensSchema.parse(JSON.parse(result.body))
    if (await sessions.goesOn(refresh_token)) return result
    const body = JSON.stringify({ error: refused, error_description: 'the account was removed or has another password' })
    return { ...result, statusCode: 400, body }
  }
}
