import type { PreTokenGenerationTriggerEvent } from 'aws-lambda'
import type { AuthorizeRefreshHandler } from '../../lambda/authorize-refresh.ts'
import { embeddedClientId } from '../issuer.ts'
import type { LibraryIdentity } from '../library.ts'
import { CognitoError } from './aws-json.ts'
import type { TokenRequest } from './sign-in-sessions.ts'

/**
 * Calls the function that the template sets as the pool's pre token generation trigger, as Cognito does. What it throws
 * becomes a UserLambdaValidationException. Source: Amazon Cognito Developer Guide, "Pre token generation Lambda trigger".
 */
export function createTokenTrigger(
  handler: AuthorizeRefreshHandler,
  { region, identity }: { readonly region: string; readonly identity: LibraryIdentity },
): (request: TokenRequest) => Promise<void> {
  return async ({ kind, account, clientMetadata }) => {
    const event: PreTokenGenerationTriggerEvent = {
      version: '1',
      triggerSource: kind === 'refresh' ? 'TokenGeneration_RefreshTokens' : 'TokenGeneration_HostedAuth',
      region,
      userPoolId: `${region}_${identity.remoteId}`,
      userName: account.owner,
      callerContext: { awsSdkVersion: 'embedded', clientId: embeddedClientId },
      request: {
        userAttributes: { sub: account.owner, email: account.email, email_verified: 'true' },
        groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [] },
        clientMetadata: { ...clientMetadata },
      },
      response: { claimsOverrideDetails: {} },
    }
    try {
      await handler(event)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown'
      throw new CognitoError('UserLambdaValidationException', `PreTokenGeneration failed with error ${reason}.`, { cause })
    }
  }
}
