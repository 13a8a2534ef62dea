import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Owner } from '../../contract/owner.ts'
import type { Issuer } from '../issuer.ts'
import { type AwsCalls, CognitoError, parseParameters } from './aws-json.ts'
import type { TemporaryCredentialsIssuer } from './temporary-credentials.ts'

export interface IdentityPoolOptions {
  readonly identityPoolId: string
  readonly issuer: Issuer
  readonly credentials: TemporaryCredentialsIssuer
  readonly now: () => Date
}

const loginsSchema = z.record(z.string(), z.string())
const getIdSchema = z.object({ IdentityPoolId: z.string(), Logins: loginsSchema.default({}) })
const getCredentialsSchema = z.object({ IdentityId: z.string(), Logins: loginsSchema.default({}) })

/**
 * The calls of Cognito identity pools by which an ID token becomes temporary credentials for S3.
 * https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html
 */
export function createIdentityPool({ identityPoolId, issuer, credentials, now }: IdentityPoolOptions): AwsCalls {
  /** The `sub` of the ID token that is given for our user pool. */
  const signIn = async (logins: Readonly<Record<string, string>>): Promise<Owner> => {
    const token = logins[issuer.url.replace(/^https:\/\//, '')]
    if (token === undefined) throw new CognitoError('NotAuthorizedException', 'Unauthenticated access is not supported.')
    const claims = await issuer.verifyIdToken(token, now())
    if (claims === undefined) throw new CognitoError('NotAuthorizedException', 'Invalid login token.')
    return claims.sub
  }

  return {
    'AWSCognitoIdentityService.GetId': async (body) => {
      const parameters = parseParameters(getIdSchema, body)
      if (parameters.IdentityPoolId !== identityPoolId) {
        throw new CognitoError('ResourceNotFoundException', `IdentityPool '${parameters.IdentityPoolId}' not found.`)
      }
      return { IdentityId: identityIdOf(identityPoolId, await signIn(parameters.Logins)) }
    },

    'AWSCognitoIdentityService.GetCredentialsForIdentity': async (body) => {
      const { IdentityId, Logins } = parseParameters(getCredentialsSchema, body)
      const owner = await signIn(Logins)
      if (IdentityId !== identityIdOf(identityPoolId, owner)) {
        throw new CognitoError('NotAuthorizedException', 'Logins do not match the identity.')
      }
      const issued = credentials.issue(owner, now())
      const Credentials = {
        AccessKeyId: issued.accessKeyId,
        SecretKey: issued.secretAccessKey,
        SessionToken: issued.sessionToken,
        Expiration: issued.expiresAt.getTime() / 1000,
      }
      return { IdentityId, Credentials }
    },
  }
}

/** `REGION:UUID`, the same for the same user of the pool. It names; it proves nothing. */
function identityIdOf(identityPoolId: string, owner: Owner): string {
  const [region = ''] = identityPoolId.split(':')
  const digest = createHash('sha256').update(`${identityPoolId} ${owner}`).digest('hex')
  const groups = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(12, 16), digest.slice(16, 20), digest.slice(20, 32)]
  return `${region}:${groups.join('-')}`
}
