import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { findUrl } from '../contract/find-url.ts'

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
export type ListenProblem =
  | 'no-accounts'
  | 'no-tls'
  | 'bad-certificate'
  | 'outdated-certificate'
  | 'bad-key'
  | 'other-key'
  | 'bad-public-url'

export class ListenRefusedError extends Error {
  override readonly name = 'ListenRefusedError'
  readonly problem: ListenProblem

  constructor(problem: ListenProblem, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.problem = problem
  }
}

/**
 * Throws a {@link ListenRefusedError} unless a library with so many accounts may be served like this.
 * @param now by which clients will look at the certificate: this machine's clock
 */
export async function requireAllowed(
  options: ListenOptions,
  countAccounts: () => Promise<number>,
  now = new Date(),
): Promise<void> {
  if (options.tls !== undefined) requireSoundTls(options.tls, now)
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
  const canonical = canonicalHost(host)
  return canonical === 'localhost' || canonical === '::1' || (isIPv4(canonical) && canonical.startsWith('127.'))
}

/** Whether it stands for every address of this machine, and so is none at which anybody could be reached. */
function isWildcard(host: string): boolean {
  return ['0.0.0.0', '::'].includes(canonicalHost(host))
}

/**
 * One spelling for a host that has many, as systems and browsers read them: `0` and `0x0.0` are `0.0.0.0`, `127.1` is
 * `127.0.0.1`, `0:0:0:0:0:0:0:0` is `::`, and an IPv4 address in an IPv6 one is the IPv4 address. Source: WHATWG URL, "host
 * parsing". What is no host stays as it is, for whoever listens there to fail.
 */
export function canonicalHost(host: string): string {
  const url = findUrl(`http://${isIPv6(host) ? `[${host}]` : host}`)
  if (url === undefined) return host
  const hostname = hostnameOf(url).replace(/\.$/, '')
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(hostname) ?? []
  if (high === undefined || low === undefined) return hostname
  const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
  return bytes.join('.')
}

/** Where others reach what listens on `port`, without a slash at the end. */
export function publicUrlOf(options: ListenOptions, port: number): string {
  if (options.publicUrl !== undefined) return parsePublicUrl(options.publicUrl).origin
  const host = publicHostOf(options)
  const scheme = options.tls === undefined ? 'http' : 'https'
  return new URL(`${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin
}

/** Top-level names that stand for machines of a home or an office (RFC 6761, 6762, 8375, and habit). */
const homeNames = ['local', 'localhost', 'lan', 'home', 'internal', 'localdomain', 'arpa', 'test', 'box']

/**
 * Whether browsers may be told to ask for this name with TLS only. They would do so on all of its ports, and let nobody past
 * a certificate that they do not know: on a NAS that locks people out of its other services, and of this one when its own
 * certificate is made anew. Only for a name of the Internet, at the usual port.
 */
export function isStrictlyTls(publicUrl: string): boolean {
  const { protocol, port, hostname } = new URL(publicUrl)
  const labels = hostname.split('.')
  const isName = labels.length > 1 && isIP(hostname) === 0 && !homeNames.includes(labels.at(-1) ?? '')
  return protocol === 'https:' && port === '' && isName
}

/** A name that the certificate is good for, and at which somebody can be reached. */
function publicHostOf({ host: given, tls }: ListenOptions): string {
  const host = canonicalHost(given)
  const certificate = tls === undefined ? undefined : new X509Certificate(tls.cert)
  const isNamed = (name: string) => certificate === undefined || certifies(certificate, name)
  if (!isWildcard(host) && isNamed(host)) return host
  const own = isWildcard(host) ? ownAddresses() : [host]
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

function requireSoundTls({ cert, key }: TlsFiles, now: Date): void {
  const certificate = parse('bad-certificate', 'the certificate is no PEM certificate', () => new X509Certificate(cert))
  const privateKey = parse<KeyObject>('bad-key', 'the key is no PEM private key without a passphrase', () =>
    createPrivateKey(key),
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ListenRefusedError('other-key', 'the key does not belong to the certificate')
  }
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)]
  if (from <= now && now <= to) return
  const period = `from ${from.toISOString().slice(0, 10)} to ${to.toISOString().slice(0, 10)}`
  throw new ListenRefusedError('outdated-certificate', `the certificate is valid only ${period}: everybody would refuse it`)
}

function parsePublicUrl(text: string): URL {
  const url = parse('bad-public-url', `'${text}' is no address such as https://photos.example.org`, () => new URL(text))
  const isOrigin = url.href === `${url.origin}/` && (url.protocol === 'https:' || url.protocol === 'http:')
  if (isOrigin && isWildcard(hostnameOf(url))) {
    throw new ListenRefusedError('bad-public-url', `'${text}' is no address at which anybody could be reached`)
  }
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
