import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiHandler } from '../lambda/api.ts'
import { httpRoutes } from '../lambda/http-routes.ts'
import { createApiGateway } from './api-gateway.ts'
import { type AwsCalls, answerAwsJson, isAwsJson, isCallOf } from './cognito/aws-json.ts'
import { isForManagedLogin } from './cognito/managed-login-endpoints.ts'
import type { EmbeddedDynamoDb } from './dynamodb.ts'
import { durableApi } from './functions.ts'
import type { Issuer } from './issuer.ts'
import type { LibraryIdentity } from './library.ts'
import { answerChallenge } from './library-proof.ts'
import type { OpenedWhenNeeded } from './opened-when-needed.ts'
import { findWayToOwnName } from './own-name.ts'
import type { SignIn } from './sign-in.ts'
import type { WayHere } from './source-ip.ts'

export interface RequestAnswerers extends WayHere {
  readonly identity: LibraryIdentity
  readonly issuer: Issuer
  readonly api: ApiHandler
  readonly signIn: OpenedWhenNeeded<SignIn>
  readonly identityPool: AwsCalls
  readonly dynamoDb: EmbeddedDynamoDb
  readonly now: () => Date
  /** Where runs of this machine ask, if it is here: nobody else needs proof that this is the library. */
  readonly localUrl: string | undefined
}

const jwksPath = '/.well-known/jwks.json'

/** Hands a request that is not for S3 to what stands in for the service that it is meant for. */
export function createRequestAnswerer(answerers: RequestAnswerers) {
  const { identity, issuer, api, signIn, identityPool, dynamoDb, now, publicUrl, trustedProxy, localUrl } = answerers
  const gateway = createApiGateway({
    routes: httpRoutes,
    functions: {
      api: durableApi(api, dynamoDb),
      auth: durableApi(async (event) => (await signIn.get()).authFunction(event), dynamoDb),
    },
    verifyAccessToken: (token) => issuer.verifyAccessToken(token, now()),
    publicUrl,
    trustedProxy,
  })

  async function answerApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const way = findWayToOwnName(request, publicUrl)
    if (way === undefined) return await gateway(request, response)
    response.writeHead(303, { location: way, 'cache-control': 'no-store', 'content-length': 0 }).end()
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (localUrl !== undefined && answerChallenge(identity, localUrl, request, response)) return
    if (request.method === 'GET' && request.url === jwksPath) return sendKeys(response, issuer)
    if (isForManagedLogin(request)) return await (await signIn.get()).managedLogin(request, response)
    if (!isAwsJson(request)) return await answerApi(request, response)
    const isForUserPool = isCallOf('AWSCognitoIdentityProviderService', request)
    await answerAwsJson(request, response, isForUserPool ? (await signIn.get()).userPool : identityPool)
  }
}

function sendKeys(response: ServerResponse, { keys }: Issuer): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(keys))
}
