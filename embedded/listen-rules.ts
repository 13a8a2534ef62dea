import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** A server's certificate (chain) and its private key, both as PEM. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

export interface ListenOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls?: TlsFiles | undefined
  /** Where others reach this, when that is not what is listened on: behind a proxy, or by a name. */
  readonly publicUrl?: string | undefined
  /** Other machines may be served without TLS: everybody in that network can read along. */
  readonly insecureHttp?: boolean | undefined
  /** A proxy on this machine tells in `X-Forwarded-For` who asks. */
  readonly trustedProxy?: boolean | undefined
}

/** What keeps a library from being served to other machines, for whoever starts it to mend. */
export type ListenProblem = 'no-accounts' | 'no-tls' | 'bad-certificate' | 'bad-key' | 'other-key' | 'bad-public-url'

export class ListenRefusedError extends Error {
  override readonly name = 'ListenRefusedError'
  readonly problem: ListenProblem

  constructor(problem: ListenProblem, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.problem = problem
  }
}

/** Throws a {@link ListenRefusedError} unless a library with so many accounts may be served like this. */
export async function requireAllowed(options: ListenOptions, countAccounts: () => Promise<number>): Promise<void> {
  if (options.tls !== undefined) requireSoundTls(options.tls)
  const publicUrl = options.publicUrl === undefined ? undefined : parsePublicUrl(options.publicUrl)
  const isPrivate = isLoopback(options.host) && (publicUrl === undefined || isLoopback(hostnameOf(publicUrl)))
  if (isPrivate) return
  const isEncrypted = publicUrl === undefined ? options.tls !== undefined : publicUrl.protocol === 'https:'
  // A proxy on this machine may add the TLS; whoever reaches this process directly needs it from here.
  const isOpenlyListened = !isLoopback(options.host) && options.tls === undefined
  if ((!isEncrypted || isOpenlyListened) && options.insecureHttp !== true) {
    throw new ListenRefusedError('no-tls', 'other machines would send passwords and photos unencrypted')
  }
  if ((await countAccounts()) === 0)
    throw new ListenRefusedError('no-accounts', 'there is no account to sign in with from other machines')
}

/** Whether only this machine can connect. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Where others reach what listens on `port`, without a slash at the end. */
export function publicUrlOf(options: ListenOptions, port: number): string {
  if (options.publicUrl !== undefined) return parsePublicUrl(options.publicUrl).origin
  const host = publicHostOf(options)
  const scheme = options.tls === undefined ? 'http' : 'https'
  return new URL(`${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin
}

/** A name that the certificate is good for, and at which somebody can be reached. */
function publicHostOf({ host, tls }: ListenOptions): string {
  const isWildcard = host === '0.0.0.0' || host === '::'
  const certificate = tls === undefined ? undefined : new X509Certificate(tls.cert)
  const isNamed = (name: string) => certificate === undefined || certifies(certificate, name)
  if (!isWildcard && isNamed(host)) return host
  const own = isWildcard ? ownAddresses() : [host]
  return (certificate && firstNameOf(certificate)) ?? own[0] ?? 'localhost'
}

function certifies(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined
}

/** The first DNS name or IP address of its subject alternative names that stands for one host. */
function firstNameOf(certificate: X509Certificate): string | undefined {
  const names = [...(certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)].map(([, name = '']) => name)
  return names.find((name) => !name.includes('*'))
}

/** Of this machine in its networks, IPv4 first, since people can read them out. */
function ownAddresses(): readonly string[] {
  const outward = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.filter(({ internal }) => !internal))
  return outward.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
}

function requireSoundTls({ cert, key }: TlsFiles): void {
  const certificate = parse('bad-certificate', 'the certificate is no PEM certificate', () => new X509Certificate(cert))
  const privateKey = parse<KeyObject>('bad-key', 'the key is no PEM private key without a passphrase', () =>
    createPrivateKey(key),
  )
  if (certificate.checkPrivateKey(privateKey)) return
  throw new ListenRefusedError('other-key', 'the key does not belong to the certificate')
}

function parsePublicUrl(text: string): URL {
  const url = parse('bad-public-url', `'${text}' is no address such as https://photos.example.org`, () => new URL(text))
  const isOrigin = url.href === `${url.origin}/` && (url.protocol === 'https:' || url.protocol === 'http:')
  if (isOrigin) return url
  throw new ListenRefusedError('bad-public-url', `'${text}' is more or other than http(s)://HOST:PORT`)
}

function hostnameOf(url: URL): string {
  return url.hostname.replaceAll(/[[\]]/g, '')
}

function parse<T>(problem: ListenProblem, message: string, parseIt: () => T): T {
  try {
    return parseIt()
  } catch (cause) {
    throw new ListenRefusedError(problem, message, { cause })
  }
}
