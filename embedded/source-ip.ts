import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { TLSSocket } from 'node:tls'
import { isLoopback } from './listen-rules.ts'

export interface WayHere {
  /** The address that others know this by. */
  readonly publicUrl: string
  /** A proxy on this machine says who asks: the last address in `X-Forwarded-For` is the one that it saw itself. */
  readonly trustedProxy?: boolean | undefined
}

/**
 * The address at the other end of the connection; an IPv4 one is written as such, also on a socket for both families.
 * Undefined where a proxy stands between, at whose address everybody seems to be.
 */
export function sourceIpOf(request: IncomingMessage, { publicUrl, trustedProxy = false }: WayHere): string | undefined {
  const peer = (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')
  const { protocol, hostname } = new URL(publicUrl)
  const isUnwrapped = protocol === 'https:' && !(request.socket instanceof TLSSocket)
  const isPassedOn = isLoopback(peer) && !isLoopback(hostname.replaceAll(/[[\]]/g, ''))
  if (!isUnwrapped && !isPassedOn) return peer
  return trustedProxy && isLoopback(peer) ? findForwardedFor(request) : undefined
}

/** Not from `headers`, which others may have tidied up by now. */
function findForwardedFor({ headersDistinct }: IncomingMessage): string | undefined {
  const last = (headersDistinct['x-forwarded-for'] ?? []).join(',').split(',').at(-1)?.trim() ?? ''
  return isIP(last) === 0 ? undefined : last
}
