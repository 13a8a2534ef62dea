import * as z from 'zod'
import { embeddedClientId } from '../issuer.ts'
import { type AwsCalls, CognitoError, parseParameters } from './aws-json.ts'
import type { SignInSessions } from './sign-in-sessions.ts'

const clientIdSchema = z.string().min(1)
const refreshSchema = z.object({
  ClientId: clientIdSchema,
  RefreshToken: z.string().min(1),
  ClientMetadata: z.record(z.string(), z.string()).default({}),
})
const revokeSchema = z.object({ ClientId: clientIdSchema, Token: z.string().min(1) })

/**
 * The calls of Cognito user pools that the CLI makes.
 * https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html
 */
export function createUserPool(sessions: SignInSessions): AwsCalls {
  return {
    'AWSCognitoIdentityProviderService.GetTokensFromRefreshToken': async (body) => {
      const { ClientId, RefreshToken, ClientMetadata } = parseParameters(refreshSchema, body)
      requireClient(ClientId)
      const tokens = await sessions.refresh(RefreshToken, ClientMetadata)
      return {
        AuthenticationResult: {
          AccessToken: tokens.accessToken,
          IdToken: tokens.idToken,
          RefreshToken: tokens.refreshToken,
          ExpiresIn: tokens.expiresInSeconds,
          TokenType: 'Bearer',
        },
      }
    },

    'AWSCognitoIdentityProviderService.RevokeToken': async (body) => {
      const { ClientId, Token } = parseParameters(revokeSchema, body)
      requireClient(ClientId)
      await sessions.revoke(Token)
      return {}
    },
  }
}

function requireClient(clientId: string): void {
  if (clientId === embeddedClientId) return
  throw new CognitoError('ResourceNotFoundException', `User pool client ${clientId} does not exist.`)
}
