import { isIPv6 } from 'node:net'

/** Stands for an address that nobody knows, since a proxy stands between. Such addresses are neither the same nor different. */
export const unknownAddress = 'unknown'

const ipv4InIpv6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** An address as people know it: an IPv4 address that came over an IPv6 socket is an IPv4 address. */
export function readableAddress(address: string): string {
  return ipv4InIpv6.exec(address)?.[1] ?? address
}

/**
 * Who is behind an address, as far as an address can tell: one IPv4 address, or the /64 of an IPv6 address, out of which
 * one household picks its addresses freely.
 */
export function networkOf(address: string): string {
  const readable = readableAddress(address)
  if (!isIPv6(readable)) return readable
  const [head = '', tail] = withoutZone(readable).split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
  const groups = [...first, ...zeros, ...last].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${groups.join(':')}::/64`
}

function withoutZone(address: string): string {
  return address.replace(/%.*$/, '')
}
