import { findUrl } from '../../contract/find-url.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { fetchRemoteConfiguration } from '../remote/http-remote.ts'
import type { Transport } from '../remote/transport.ts'
import { loginCommand } from './hints.ts'
import { requirePrivate, requirePrivateEndpoints } from './remote-url.ts'

export interface TrustedConfigurationOptions {
  /** As a person typed it: the one thing known of a remote that it has not said itself. */
  readonly url: string
  readonly insecureHttp: boolean
  /** For whom it is asked, so that what is told to type is meant for the same. */
  readonly profileName: string
  readonly transport: Transport
  readonly signal?: AbortSignal | undefined
}

/**
 * How the remote at an address describes itself, where tokens may follow that description. Throws a `UserError`: with exit
 * code 2 where they would be readable on the way, with 5 where they would go to another than the one that was asked for.
 */
export async function fetchTrustedConfiguration(options: TrustedConfigurationOptions): Promise<RemoteConfiguration> {
  const { url, insecureHttp, transport, signal } = options
  requirePrivate(url, insecureHttp)
  const configuration = await fetchRemoteConfiguration({ url, transport, signal })
  requirePrivateEndpoints(configuration, insecureHttp)
  requireOwnEndpoints(options, configuration)
  return configuration
}

type AskedAddress = Pick<TrustedConfigurationOptions, 'url' | 'insecureHttp' | 'profileName'>

const askForAddress =
  'check the address: it is the one that a deployment or `photos serve` printed; if it is, ask who runs the remote'

/** What AWS itself may do for a remote. */
const awsServices = { userPool: 'cognito-idp', identityPool: 'cognito-identity', s3: 's3' } as const

/**
 * Ties a description to the address that was typed. A remote could name another's endpoints beside its own, so that a person
 * signs in there, sees that one's familiar page, and the tokens come here (OAuth's mix-up attack; RFC 9700, section 4.4).
 */
export function requireOwnEndpoints(asked: AskedAddress, configuration: RemoteConfiguration): void {
  const { origin, host } = new URL(asked.url)
  const { endpoints, issuer } = configuration
  const api = new URL(endpoints.api).origin
  if (api !== origin) throw elsewhere(asked, api)
  for (const name of ['userPool', 'identityPool', 's3'] as const) {
    if (new URL(endpoints[name]).origin !== origin && !isAwsOwn(name, configuration)) throw foreign(host, endpoints[name])
  }
  // Of a user pool in AWS the tokens are its own: nobody else's would be refreshed there.
  const isPoolOwn = new URL(endpoints.userPool).origin === origin
  if (!isPoolOwn && new URL(issuer).origin !== new URL(endpoints.userPool).origin) throw foreign(host, issuer)
  const signIn = new URL(endpoints.signIn)
  if (signIn.origin !== origin && signIn.protocol !== 'https:') throw foreign(host, endpoints.signIn)
}

/**
 * Ties the page that a device flow sends a person to. At another remote's page they would approve a sign-in that this one began
 * there; and an address of another scheme would be opened by another program.
 */
export function requireOwnPage(page: string, { endpoints }: RemoteConfiguration): void {
  const { origin, host } = new URL(endpoints.api)
  if (findUrl(page)?.origin === origin) return
  throw new UserError(`${host} is not a photos remote that can be trusted: it would have the code typed somewhere else`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: askForAddress,
  })
}

/** The host where a person signs in, where that is not the one that they typed: it may be a managed login in AWS, or another remote's. */
export function findOtherSignInHost(url: string, { endpoints }: RemoteConfiguration): string | undefined {
  const signIn = new URL(endpoints.signIn)
  return signIn.origin === new URL(url).origin ? undefined : signIn.host
}

function isAwsOwn(name: keyof typeof awsServices, { endpoints, region }: RemoteConfiguration): boolean {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return new URL(endpoints[name]).href === `https://${awsServices[name]}.${region}.${domain}/`
}

/** A wrong address of the right remote, mostly: of a `photos serve --public-url`, or of an API with a domain of its own. */
function elsewhere({ url, insecureHttp, profileName }: AskedAddress, api: string): UserError {
  const { host } = new URL(url)
  return new UserError(`${host} is not a photos remote that can be trusted: it says that its address is ${api}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `if that is the address that a deployment or \`photos serve\` printed, use it: ${loginCommand(profileName, { url: api, insecureHttp })}`,
  })
}

function foreign(host: string, endpoint: string): UserError {
  const { origin } = new URL(endpoint)
  return new UserError(`${host} is not a photos remote that can be trusted: it would have the session shown to ${origin}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: askForAddress,
  })
}
