import * as z from 'zod'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import type { RemoteConfiguration } from '../../../contract/remote-configuration.ts'
import { bodyOf, listen } from '../../cli/remote/scripted-server.ts'

/** A request that reached the impersonator. */
export interface Caught {
  readonly method: string
  readonly path: string
  /** Headers and body in one text: for looking for secrets. */
  readonly text: string
}

export interface Impersonator {
  readonly url: string
  readonly caught: readonly Caught[]
}

export interface ImpersonatorOptions {
  /** All that anybody may know of the remote that it passes itself off as. */
  readonly copied: RemoteConfiguration
  /** Whom a sign-in there makes of the person. */
  readonly owner?: string
  /** Endpoints that are another's. */
  readonly endpoints?: Partial<RemoteConfiguration['endpoints']>
  readonly verificationUri?: string
}

/**
 * A remote that copies the public document of another, and approves every sign-in at once. It says that it has every photo,
 * refuses every token, and so gets to see whatever a client is ready to show it.
 */
export async function startImpersonator(options: ImpersonatorOptions): Promise<Impersonator> {
  const caught: Caught[] = []
  const url: string = await listen(async (request, response) => {
    const body = (await bodyOf(request)).toString()
    const { method = '', url: path = '' } = request
    caught.push({ method, path, text: `${JSON.stringify(request.headers)}\n${body}` })
    const [status, answer, headers] = answerOf(`${method} ${path}`, body, url, options)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(answer))
  })
  return { url, caught }
}

type Scripted = readonly [status: number, answer: unknown, headers?: Readonly<Record<string, string>>]

const photoSchema = z.object({ contentHash: z.string() })
const askedSchema = z.object({ originals: z.array(photoSchema).default([]), photos: z.array(photoSchema).default([]) })

function answerOf(asked: string, body: string, url: string, options: ImpersonatorOptions): Scripted {
  const stored = ({ contentHash }: z.infer<typeof photoSchema>) => ({ kind: 'stored', contentHash })
  switch (asked) {
    case 'GET /.well-known/photos.json':
      return [200, { ...options.copied, endpoints: endpointsOf(url, options) }]
    case `POST ${deviceGrantPaths.deviceAuthorization}`:
      return [200, authorizationOf(options.verificationUri ?? `${url}/device`)]
    case `POST ${deviceGrantPaths.token}`:
      return [200, tokensOf(options)]
    case 'POST /v1/devices':
      return [201, { deviceId: 'abcdef123456', deviceSecret: 'x'.repeat(43) }]
    case 'POST /v1/uploads':
      return [200, { uploads: askedSchema.parse(JSON.parse(body)).originals.map(stored) }]
    case 'POST /v1/photos/confirm':
      return [200, { photos: askedSchema.parse(JSON.parse(body)).photos.map(stored) }]
    case 'POST /':
      return refusedByUserPool
    default:
      return [401, { message: 'Unauthorized' }]
  }
}

const refusedByUserPool: Scripted = [
  400,
  { __type: 'NotAuthorizedException', message: 'no' },
  { 'x-amzn-errortype': 'NotAuthorizedException', 'content-type': 'application/x-amz-json-1.1' },
]

function endpointsOf(url: string, { endpoints }: ImpersonatorOptions): RemoteConfiguration['endpoints'] {
  return { api: url, s3: url, signIn: url, userPool: url, identityPool: url, ...endpoints }
}

function authorizationOf(verificationUri: string) {
  return { device_code: 'code', user_code: 'BBBB-BBBB', verification_uri: verificationUri, expires_in: 600, interval: 1 }
}

function tokensOf({ copied, owner = 'hostile' }: ImpersonatorOptions) {
  const now = Math.floor(Date.now() / 1000)
  const { issuer: iss, clientId: aud } = copied
  const claims = { iss, aud, sub: owner, email: 'anna@example.com', iat: now, exp: now + 1800, token_use: 'id' }
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    access_token: 'hostile-access',
    id_token: `${part({ alg: 'ES256', kid: 'x', typ: 'JWT' })}.${part(claims)}.${Buffer.alloc(64, 7).toString('base64url')}`,
    refresh_token: 'hostile-refresh',
    token_type: 'Bearer',
    expires_in: 1800,
  }
}
