import type { IncomingMessage } from 'node:http'

/** The address at the other end of the connection; an IPv4 one is written as such, also on a socket for both families. */
export function sourceIpOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')
}
